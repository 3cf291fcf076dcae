using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>Why a program could not be executed, in one sentence (execve(2), ERRORS), with the code that decides about exit status 126 or 127.</summary>
internal static class ExecutionFailure
{
    /// <summary>Explains an errno of execve.</summary>
    /// <param name="program">What was to be executed: a path, or a name that was looked for in PATH; empty where it is not known any more.</param>
    /// <param name="errno">The error number.</param>
    public static KernelException Explain(string program, int errno)
    {
        string what = program.Length == 0 ? "the container's command" : $"'{program}'";
        string name = Errno.Name(errno);
        return new KernelException("execve", errno, name, $"cannot execute {what}: {Reason(program, errno)} (execve: {name}, {Errno.Meaning(errno)})", null, CodeOf(errno));
    }

    private static ErrorCode CodeOf(int errno)
        => errno == Errno.ENOENT || errno == Errno.ENOTDIR ? ErrorCode.CommandNotFound : ErrorCode.CommandNotExecutable;

    private static string Reason(string program, int errno)
    {
        if (errno == Errno.ENOENT)
        {
            if (program.Length == 0) return "there is no such program in the container";
            return program.Contains('/', StringComparison.Ordinal)
                ? "the container has no such file, or not the interpreter that it asks for"
                : "there is no program of that name in the container's PATH";
        }

        if (errno == Errno.ENOTDIR) return "a part of its path is no folder";
        if (errno == Errno.EACCES) return "it is no file that this user may execute";
        if (errno == Errno.ENOEXEC) return "it is no program for this machine, nor a script that names its interpreter";
        if (errno == Errno.E2BIG) return "its arguments and environment are too long";
        return "the kernel refuses it";
    }
}
