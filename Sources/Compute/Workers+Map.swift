extension Workers {
  /// Computes one value for each task, several at once, and gives them in the order of the tasks.
  ///
  /// Tasks go to the threads in turn: where they differ in cost, put like ones side by side. A task that calls
  /// products of its own takes one worker for them.
  public func map<Value: Sendable>(tasks: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    unsafe Array(unsafeUninitializedCapacity: tasks) { buffer, count in
      guard let base = buffer.baseAddress, tasks > 0 else { return }
      // Each task begins the one element that is its own, and all have ended when this returns.
      run(tasks: tasks) { task in unsafe (base + task).initialize(to: body(task)) }
      count = tasks
    }
  }
}
