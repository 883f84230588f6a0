package dev.provisioner.storm;

import dev.provisioner.sandbox.Operation;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Each kind of fault that a storm brings. One that never came makes the storm worth nothing. */
enum Trouble {
  BELL_DUPLICATED("webhook sent several times at once"),
  BELL_LOST("webhook lost"),
  BELL_LATE("webhook late, out of order"),
  BELL_REPLAYED("webhook replayed later"),
  USER_DELETED("user deleted in mid-flight"),
  USER_REVERIFIED("e-mail un- and re-verified"),
  RECONCILED("reconcile called at random"),

  CREATE_SLOW("create slow", Operation.CREATE),
  CREATE_TOO_LATE("create answered after the timeout", Operation.CREATE),
  CREATE_HELD("create applied after its client is gone", Operation.CREATE),
  CREATE_DROPPED("create dropped before it is applied", Operation.CREATE),
  CREATE_ANSWER_DROPPED("create dropped after it is applied", Operation.CREATE),
  CREATE_5XX("create answered 503, not applied", Operation.CREATE),
  CREATE_APPLIED_5XX("create answered 502, applied", Operation.CREATE),
  CREATE_APPLIED_408("create answered 408, applied", Operation.CREATE),
  CREATE_409("create answered 409, not applied", Operation.CREATE),
  CREATE_THROTTLED("create answered 429", Operation.CREATE),
  CREATE_CUT("create's answer truncated", Operation.CREATE),
  CREATE_STALLED("create's answer stalls half-way", Operation.CREATE),
  CREATE_WITHOUT_ID("create answered without an id", Operation.CREATE),

  LIST_LAGGING("listing lags behind"),
  LIST_FULL("listing's page full, to be halved"),
  LIST_FAILED("listing answered 500", Operation.LIST),
  LIST_DROPPED("listing dropped", Operation.LIST),
  LIST_THROTTLED("listing answered 429", Operation.LIST),
  LIST_CUT("listing truncated", Operation.LIST),
  LIST_TOO_LATE("listing answered after the timeout", Operation.LIST),

  GET_FAILED("get answered 500", Operation.GET),
  GET_DROPPED("get dropped", Operation.GET),
  GET_TOO_LATE("get answered after the timeout", Operation.GET),

  DELETE_FAILED("delete answered 500, not applied", Operation.DELETE),
  DELETE_DROPPED("delete dropped before it is applied", Operation.DELETE),
  DELETE_ANSWER_DROPPED("delete dropped after it is applied", Operation.DELETE),
  DELETE_TOO_LATE("delete answered after the timeout", Operation.DELETE),

  WIRE_CUT("database connections cut"),
  WIRE_FROZEN("database connections silent"),
  CLAIM_ANSWER_LOST("answer of a claim lost"),
  SETTLE_ANSWER_LOST("answer of a settle lost"),
  DATABASE_CRASHED("PostgreSQL crashed and restarted"),

  INSTANCE_KILLED("instance killed and restarted"),
  INSTANCE_FROZEN("instance frozen for longer than its lease");

  private final String label;
  private final @Nullable Operation operation;

  Trouble(String label) {
    this(label, null);
  }

  Trouble(String label, @Nullable Operation operation) {
    this.label = label;
    this.operation = operation;
  }

  String label() {
    return label;
  }

  /** What befalls calls of this kind at Vapi. */
  static List<Trouble> of(Operation operation) {
    return Arrays.stream(values()).filter(each -> each.operation == operation).toList();
  }
}
