/*
 * Runs a program and writes its peak resident set, in KiB, to a file: peak <file> <program> [arguments]
 *
 * A program of its own because execve carries the peak of the memory it replaces over to the new program's ru_maxrss: a child
 * that a large process has vforked would be charged with the size of that process.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    if (argc < 3) { fprintf(stderr, "usage: peak <file> <program> [arguments]\n"); return 125; }
    pid_t pid;
    int status;
    struct rusage usage;
    if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0) { perror(argv[2]); return 125; }
    if (wait4(pid, &status, 0, &usage) < 0) { perror("wait4"); return 125; }
    FILE *file = fopen(argv[1], "we");
    if (!file) { perror(argv[1]); return 125; }
    fprintf(file, "%ld\n", usage.ru_maxrss);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
