package dev.provisioner.provision;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All who are told. None can disturb the work, or the others. */
final class Observers implements Observer {
  private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

  private final List<Observer> all;

  Observers(List<Observer> all) {
    this.all = List.copyOf(all);
  }

  @Override
  public void ended(Ended attempt) {
    tell(each -> each.ended(attempt));
  }

  @Override
  public void resolved(Resolution how) {
    tell(each -> each.resolved(how));
  }

  @Override
  public void collected(Leftover what) {
    tell(each -> each.collected(what));
  }

  @Override
  public void looked(boolean over) {
    tell(each -> each.looked(over));
  }

  @Override
  public void rung(Bell answer) {
    tell(each -> each.rung(answer));
  }

  private void tell(Consumer<Observer> event) {
    for (Observer each : all) {
      try {
        event.accept(each);
      } catch (RuntimeException e) {
        LOG.error("Something was done, but could not be counted; nothing else is wrong.", e);
      }
    }
  }
}
