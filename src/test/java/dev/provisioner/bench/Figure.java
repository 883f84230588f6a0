package dev.provisioner.bench;

import org.jspecify.annotations.Nullable;

/**
 * What was measured, next to what it is measured against.
 *
 * @param bound the same of the database alone, or what else the figure is compared with; null:
 *     nothing
 * @param target what the figure, or its ratio to the bound, has to reach; null: it informs
 */
record Figure(
    String name, double value, String unit, @Nullable Double bound, @Nullable Target target) {

  static Figure of(String name, double value, String unit) {
    return new Figure(name, value, unit, null, null);
  }

  Figure against(double its) {
    return new Figure(name, value, unit, its, target);
  }

  Figure target(Target its) {
    return new Figure(name, value, unit, bound, its);
  }

  @Nullable Double ratio() {
    return bound == null ? null : value / bound;
  }

  /** Null where there is no target. */
  @Nullable Boolean met() {
    if (target == null) {
      return null;
    }
    Double ratio = ratio();
    return target.met(target.ofRatio() && ratio != null ? ratio : value);
  }

  /**
   * @param ofRatio whether the ratio to the bound is meant, or the value itself
   * @param atMost or at least
   */
  record Target(boolean ofRatio, boolean atMost, double limit) {
    static Target ratioAtLeast(double limit) {
      return new Target(true, false, limit);
    }

    static Target ratioAtMost(double limit) {
      return new Target(true, true, limit);
    }

    static Target atMost(double limit) {
      return new Target(false, true, limit);
    }

    boolean met(double measured) {
      return atMost ? measured <= limit : measured >= limit;
    }

    @Override
    public String toString() {
      return (ofRatio ? "ratio " : "") + (atMost ? "<= " : ">= ") + Figures.rounded(limit);
    }
  }
}
