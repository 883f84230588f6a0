package dev.provisioner.provision;

import dev.provisioner.provision.ProtocolModel.Interference;
import dev.provisioner.provision.Scene.Row;
import dev.provisioner.provision.Scene.Worker;
import dev.provisioner.provision.Step.Delete;
import dev.provisioner.provision.Step.Get;
import dev.provisioner.provision.Step.Mark;
import dev.provisioner.provision.Step.ReadStanding;
import dev.provisioner.provision.Verdict.LetGo;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The protocol with one rule left out, each of which the model must find wanting. */
enum ProtocolMutant {
  DELETES_AFTER_A_LOST_CLAIM_WITHOUT_READING(11) {
    @Override
    Attempt attempt() {
      return new Attempt(ProtocolModel.judge(1)) {
        @Override
        Step marked(Claim claim, Mark mark) {
          return mark.assistantId() == null
              ? super.marked(claim, mark)
              : new Delete(mark.assistantId());
        }
      };
    }
  },
  DELETES_THOUGH_NONE_IS_IN_USE_AND_THE_ROW_IS_THERE(12) {
    @Override
    Attempt attempt() {
      return new Attempt(ProtocolModel.judge(1)) {
        @Override
        Step stands(Claim claim, ReadStanding read, Standing standing) {
          return standing.uses(read.assistantId())
              ? super.stands(claim, read, standing)
              : new Delete(read.assistantId());
        }
      };
    }
  },
  A_LOST_CLAIM_MARKS_NO_DOUBT(10) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        void mark(Scene scene, Worker worker, @Nullable String assistant) {}
      };
    }
  },
  A_MARK_DOES_NOT_REACH_BACK_TO_THE_LOST_CLAIM(10) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        void mark(Scene scene, Worker worker, @Nullable String assistant) {
          int since = scene.rows[worker.row].since;
          super.mark(scene, worker, assistant);
          if (since != 0) {
            scene.rows[worker.row].since = since;
          }
        }
      };
    }

    @Override
    int faults() {
      return 3;
    }

    @Override
    ProtocolModel model() {
      return model(EnumSet.noneOf(Interference.class));
    }
  },
  A_NEWER_NO_CLEARS_AN_OLDER_DOUBT(8) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        void restore(Row row, Worker worker) {
          row.since = 0;
          row.until = 0;
        }
      };
    }
  },
  ADOPTION_DELETES_THE_REST(4) {
    @Override
    ProtocolModel model(Set<Interference> interferences) {
      return new ProtocolModel(2, interferences, table(), attempt()) {
        @Override
        void adopting(Scene scene, Get get) {
          List<String> rest = get.candidates().subList(1, get.candidates().size());
          if (scene.inUse != null && rest.contains(scene.inUse)) {
            scene.violation = "the assistant in use is deleted";
          }
          scene.atVapi.removeIf(each -> rest.contains(each.id()));
        }
      };
    }
  },
  SETTLES_WITHOUT_ITS_TOKEN(6) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        boolean held(Row row, Worker worker) {
          return row.exists;
        }
      };
    }
  },
  SETTLES_OVER_WHAT_IS_IN_USE(6) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        void use(Scene scene, String assistant) {
          scene.inUse = assistant;
        }
      };
    }
  },
  A_SUCCESS_FORGETS_EARLIER_DOUBT(6) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        boolean endsDoubt(boolean sure, @Nullable String assistant) {
          return true;
        }
      };
    }
  },
  ALREADY_PROVISIONED_FORGETS_DOUBT(7) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        boolean endsDoubt(boolean sure, @Nullable String assistant) {
          return sure || assistant == null;
        }
      };
    }
  },
  A_LOOK_ERASES_A_DOUBT_MADE_MEANWHILE(16) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        boolean stillAsRead(int is, int read) {
          return true;
        }
      };
    }
  },
  A_RELEASE_FORGETS_DOUBT(5) {
    @Override
    TableModel table() {
      return new TableModel() {
        @Override
        boolean release(Scene scene, Worker worker, LetGo verdict) {
          boolean held = super.release(scene, worker, verdict);
          if (held) {
            scene.rows[worker.row].since = 0;
            scene.rows[worker.row].until = 0;
          }
          return held;
        }
      };
    }
  };

  /** The rule that it breaks. */
  final int rule;

  ProtocolMutant(int rule) {
    this.rule = rule;
  }

  /** How many it takes to show. */
  int faults() {
    return 2;
  }

  TableModel table() {
    return new TableModel();
  }

  Attempt attempt() {
    return new Attempt(ProtocolModel.judge(1));
  }

  ProtocolModel model(Set<Interference> interferences) {
    return new ProtocolModel(2, interferences, table(), attempt());
  }

  ProtocolModel model() {
    return model(EnumSet.of(Interference.APP_GIVES_AN_ASSISTANT, Interference.USER_IS_DELETED));
  }
}
