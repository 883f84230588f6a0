package dev.provisioner.sandbox;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** What befalls the coming calls of one kind, in the order they arrive. */
public final class FaultPlan {
  private final Queue<Fault> coming = new ArrayDeque<>();
  private @Nullable Fault always;
  private @Nullable Draw draw;
  private int drawn;

  FaultPlan() {}

  /** Decides what befalls a call, or that nothing does. */
  @FunctionalInterface
  public interface Draw {
    /**
     * Asked once for each call.
     *
     * @param ordinal how many calls were decided about before this one
     */
    @Nullable Fault fault(int ordinal, Call call);
  }

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

  /** Decided call by call, where nothing else is planned. */
  public synchronized FaultPlan drawn(Draw by) {
    draw = by;
    return this;
  }

  /** Vapi is well again. */
  public synchronized FaultPlan clear() {
    coming.clear();
    always = null;
    draw = null;
    return this;
  }

  @Nullable Fault take(Call call) {
    Draw decides;
    int ordinal;
    synchronized (this) {
      Fault next = coming.poll();
      if (next != null || draw == null) {
        return next == null ? always : next;
      }
      decides = draw;
      ordinal = drawn++;
    }
    return decides.fault(ordinal, call);
  }
}
