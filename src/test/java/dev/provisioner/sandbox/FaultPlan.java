package dev.provisioner.sandbox;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** What befalls the coming calls of one kind, in the order they arrive. */
public final class FaultPlan {
  private final Queue<Fault> coming = new ArrayDeque<>();
  private @Nullable Fault always;

  FaultPlan() {}

  /** The next call, or the one after those planned already. */
  public FaultPlan next(Fault fault) {
    return next(1, fault);
  }

  public synchronized FaultPlan next(int calls, Fault fault) {
    for (int i = 0; i < calls; i++) {
      coming.add(fault);
    }
    return this;
  }

  /** Every call for which nothing else is planned. */
  public synchronized FaultPlan always(Fault fault) {
    always = fault;
    return this;
  }

  /** Vapi is well again. */
  public synchronized FaultPlan clear() {
    coming.clear();
    always = null;
    return this;
  }

  synchronized @Nullable Fault take() {
    Fault next = coming.poll();
    return next == null ? always : next;
  }
}
