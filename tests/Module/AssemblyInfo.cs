// The engine behind the cmdlets is one per process, and these tests put their own in its place.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
