#!/usr/bin/env bash
# The bootstrap: sees to the machine (SDK, system packages, a PowerShell) and hands over to build.ps1.
#
#   ./build.sh [build|test|demo|bench|package|clean] [arguments of that task]
#
# What it looks for is looked for every time (it costs milliseconds); what it got once is kept in artifacts/tools, and so
# is the answer "not to be had", so that a second run changes nothing and asks no registry.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off

readonly powershell_version=7.6.9
readonly tools=$PWD/artifacts/tools

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }
have() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" > /dev/null 2>&1; }
is_static() { have "$1" && ! ldd "$(PATH=$PATH:/usr/sbin:/sbin command -v "$1")" > /dev/null 2>&1; }

require_sdk() {
    have dotnet || die "the .NET 10 SDK is needed, and 'dotnet' is not on PATH (package dotnet-sdk-10.0)."
    # global.json decides which SDK is good enough; dotnet explains what is missing in its own words.
    dotnet --version > /dev/null || die "the .NET SDK that global.json asks for is missing."
}

# One line for each need: what tells that it is there, the package that brings it, what it is for.
needs() {
    have clang || have gcc || echo "gcc              C tool chain, for the native executable"
    [ -e /usr/include/stdio.h ] || echo "libc6-dev        C library, for the native executable"
    [ -e /usr/include/zlib.h ] || echo "zlib1g-dev       zlib, for the native executable"
    is_static busybox       || echo "busybox-static   the tests' and the demo's small image"
    have debootstrap        || echo "debootstrap      the demo's Debian image"
    have nft                || echo "nftables         packet filter rules"
    have ip                 || echo "iproute2         the tests' look at network namespaces"
    have tar                || echo "tar              archives for the tests"
    have xz                 || echo "xz-utils         archives for the tests"
    have zstd               || echo "zstd             archives for the tests"
}

install_packages() {
    local missing packages
    missing=$(needs)
    [ -n "$missing" ] || return 0
    packages=$(awk '{ print $1 }' <<< "$missing" | tr '\n' ' ')
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "Installing $packages"
        export DEBIAN_FRONTEND=noninteractive
        # Package lists may be absent or old: fetch them when the first try fails, not every time.
        # shellcheck disable=SC2086
        apt-get install -y -qq --no-install-recommends $packages > /dev/null 2>&1 ||
            { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages > /dev/null; } ||
            die "apt-get could not install: $packages"
        [ -z "$(needs)" ] || die "still missing after the installation: $(needs)"
        return 0
    fi
    say "Missing packages (as root: apt-get install $packages):"
    say "$missing"
    case $missing in
        *gcc* | *libc6-dev* | *zlib1g-dev*) die "without a C tool chain and zlib the native executable cannot be built." ;;
    esac
    say "Going on; what needs them is skipped."
}

# What only tests need: other clients, and the engines that are tried with ctrun as their runtime. No test fails without them, and no other task asks for them.
test_tools() {
    have dig             || echo "dnsutils         questions to the resolver of networks"
    have skopeo          || echo "skopeo           another client of registries"
    have buildah         || echo "buildah          images that it commits"
    have umoci           || echo "umoci            another tool for image layouts"
    have getfattr        || echo "attr             attributes of unpacked files"
    have openssl         || echo "openssl          keys and signatures of images"
    have gpg             || echo "gpg              signatures of images with GnuPG"
    have docker-registry || echo "docker-registry  a registry on loopback"
    have strace          || echo "strace           faults at single system calls"
    have mke2fs          || echo "e2fsprogs        the disk of a virtual machine"
    have newuidmap       || echo "uidmap           user namespaces with more than one id, for users without privileges"
    have crun       || echo "crun             the runtime ctrun is compared with"
    have runc       || echo "runc             the other one"
    have podman     || echo "podman           Podman with ctrun as its runtime"
    have containerd || echo "containerd       containerd with ctrun as its runtime"
    have dockerd    || echo "docker.io        dockerd with ctrun as its runtime"
    have docker     || echo "docker-cli       its client, where docker.io comes without"
}

# Each by itself, the download within a budget of time; starts nothing (docker.io and docker-registry bring services; policy-rc.d is Debian's way to say no to
# that). Tried once: what was not to be had is not asked for again.
install_test_tools() {
    local missing tried=$tools/test-tools.tried policy=/usr/sbin/policy-rc.d package end=$((SECONDS + 300))
    missing=$(test_tools)
    [ -n "$missing" ] && [ ! -e "$tried" ] && [ "$(id -u)" = 0 ] && have apt-get || return 0
    say "Installing what only tests need (as far as it can be downloaded in five minutes)"
    mkdir -p "$tools"
    export DEBIAN_FRONTEND=noninteractive
    if [ ! -e "$policy" ]; then
        # Also when somebody interrupts: with this file left behind, no package would start its service any more.
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy"
    fi
    timeout 60 apt-get update -qq > "$tried" 2>&1 || true
    while read -r package _; do
        [ "$package" = docker-cli ] && have docker && continue
        [ $SECONDS -lt $end ] || break
        timeout $((end - SECONDS)) apt-get install -y -qq --no-install-recommends --download-only "$package" >> "$tried" 2>&1 || continue
        apt-get install -y -qq --no-install-recommends "$package" >> "$tried" 2>&1 || say "$package could not be installed (see $tried)."
    done <<< "$missing"
    [ -z "$(trap -p EXIT)" ] || { rm -f "$policy"; trap - EXIT INT TERM; }
}

new_enough() {
    local version
    version=$("$1" --version 2> /dev/null) || return 1
    version=${version#PowerShell }
    [ "$(printf '%s\n7.6\n' "${version%%-*}" | sort -V | head -n 1)" = 7.6 ]
}

# The first that works: pwsh 7.6 or later on PATH, the PowerShell .NET tool, the console host in src/Shell.
# CONTAINERTOOLS_PWSH=<path> names one; CONTAINERTOOLS_PWSH=shell asks for src/Shell.
find_powershell() {
    local wanted=${CONTAINERTOOLS_PWSH:-} tool=$tools/powershell/pwsh refused=$tools/powershell-$powershell_version.not-to-be-had
    if [ "$wanted" = shell ]; then build_shell; return; fi
    if [ -n "$wanted" ]; then
        [ -x "$wanted" ] || die "CONTAINERTOOLS_PWSH is '$wanted', which cannot be executed."
        powershell=$wanted
        return
    fi
    if have pwsh && new_enough pwsh; then powershell=$(command -v pwsh); return; fi
    if [ ! -x "$tool" ] && [ ! -e "$refused" ]; then
        say "No PowerShell 7.6 on PATH; installing the .NET tool into artifacts/tools"
        mkdir -p "$tools"
        if ! dotnet tool install PowerShell --version $powershell_version --tool-path "$tools/powershell" > "$refused.log" 2>&1 ||
            ! new_enough "$tool"; then
            mv "$refused.log" "$refused"
            say "The .NET tool PowerShell is not to be had (see $refused; remove that file to try again)."
        else
            rm -f "$refused.log"
        fi
    fi
    if [ -x "$tool" ] && [ ! -e "$refused" ]; then powershell=$tool; return; fi
    build_shell
}

# The console host, built only when one of its sources is newer than the last build. Compiled ahead of time, it starts in
# half the time; where the package of that compiler is not to be had, it is published as it is.
build_shell() {
    local stamp=$tools/shell/.built runtime
    powershell=$tools/shell/ctpwsh
    if [ -x "$powershell" ] && [ -e "$stamp" ] &&
        [ -z "$(find src/Shell Directory.Build.props Directory.Packages.props -newer "$stamp" -type f -print -quit)" ]; then
        return
    fi
    say "Building src/Shell"
    case $(uname -m) in aarch64) runtime=linux-arm64 ;; *) runtime=linux-x64 ;; esac
    mkdir -p "$tools"
    publish_shell $runtime -p:PublishReadyToRun=true > "$tools/shell.log" 2>&1 ||
        publish_shell $runtime > "$tools/shell.log" 2>&1 ||
        { cat "$tools/shell.log" >&2; die "src/Shell did not build."; }
    touch "$stamp"
}

publish_shell() {
    dotnet publish src/Shell -c Release -r "$@" --self-contained false -o "$tools/shell" -v quiet -nologo
}

task=${1:-build}
[ $# -eq 0 ] || shift
case $task in
    build | test | demo | bench | package | clean) ;;
    -h | --help | help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "no such task: $task (build, test, demo, bench, package, clean)." ;;
esac

require_sdk
install_packages
[ "$task" != test ] || install_test_tools
find_powershell
exec "$powershell" -NoProfile -NonInteractive -File build.ps1 -Task "$task" "$@"
