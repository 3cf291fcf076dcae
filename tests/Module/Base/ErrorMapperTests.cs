using System.Management.Automation;
using Xunit;

namespace ContainerTools.Module.Tests.Base;

public sealed class ErrorMapperTests
{
    public static TheoryData<ErrorCode> Codes => [.. Enum.GetValues<ErrorCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void The_id_is_the_codes_name_and_the_message_the_exceptions(ErrorCode code)
    {
        ErrorRecord record = ErrorMapper.ToRecord(new ContainerException(code, "What is wrong.", "web"), null);

        Assert.Equal(code.ToString(), record.FullyQualifiedErrorId);
        Assert.Equal("What is wrong.", record.ToString());
        Assert.Equal("web", record.TargetObject);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_but_those_of_the_kernel_has_a_category(ErrorCode code)
        => Assert.Equal(code is ErrorCode.KernelError or ErrorCode.LaunchFailed, ErrorMapper.CategoryOf(code) == ErrorCategory.NotSpecified);

    [Fact]
    public void The_item_comes_before_what_the_exception_says_it_concerns()
    {
        object item = new();

        Assert.Same(item, ErrorMapper.ToRecord(new ContainerException(ErrorCode.StorageFull, "Full.", "/var"), item).TargetObject);
    }

    [Fact]
    public void A_remedy_is_recommended_where_the_message_has_none()
    {
        ErrorRecord bare = ErrorMapper.ToRecord(new ContainerException(ErrorCode.ContainerNotFound, "There is no container 'web'."), null);
        ErrorRecord full = ErrorMapper.ToRecord(new ContainerException(ErrorCode.ContainerNotFound, "There is no container 'web'; make one."), null);

        Assert.Equal("Look for the container with Get-Container.", bare.ErrorDetails.RecommendedAction);
        Assert.Null(full.ErrorDetails);
    }

    [Fact]
    public void The_frameworks_exceptions_have_the_codes_that_mean_the_same()
    {
        Assert.Equal("PermissionDenied", ErrorMapper.ToRecord(new UnauthorizedAccessException("no"), null).FullyQualifiedErrorId);
        Assert.Equal("FileNotFound", ErrorMapper.ToRecord(new FileNotFoundException("no"), null).FullyQualifiedErrorId);
        Assert.Equal("StorageFull", ErrorMapper.ToRecord(new IOException("no", 28), null).FullyQualifiedErrorId);
        Assert.Equal("StorageFull", ErrorMapper.ToRecord(new IOException("no", 122), null).FullyQualifiedErrorId);
        Assert.Equal("UnexpectedError", ErrorMapper.ToRecord(new IOException("no", 5), null).FullyQualifiedErrorId);
        Assert.Equal("UnexpectedError", ErrorMapper.ToRecord(new InvalidOperationException("no"), null).FullyQualifiedErrorId);
    }

    [Fact]
    public void One_exception_in_an_aggregate_is_that_exception()
        => Assert.Equal(
            "Timeout", ErrorMapper.ToRecord(new AggregateException(new ContainerException(ErrorCode.Timeout, "Late.")), null).FullyQualifiedErrorId);
}
