package dev.provisioner.provision;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who is told what happens, to count it or to raise an alarm. Called by many threads at the same
 * time, each of which has a row to bring home: an observer only takes note. What it throws is
 * logged, and changes nothing.
 */
public interface Observer {
  /** An attempt at a row has ended. */
  default void ended(Ended attempt) {}

  /** A doubt about what an earlier attempt left at Vapi has been cleared up. */
  default void resolved(Resolution how) {}

  /** An assistant that nobody uses was deleted at Vapi. */
  default void collected(Leftover what) {}

  /**
   * A look was performed.
   *
   * @param over whether the doubt is over; if not, another look comes
   */
  default void looked(boolean over) {}

  /** A webhook that was let in has been answered. */
  default void rung(Bell answer) {}

  /**
   * How an attempt went.
   *
   * @param errorCode why the row is errored or failed; else null
   * @param attempt which attempt at the row this is, counted from 1
   * @param atVapi spent waiting for Vapi's answers
   * @param settling spent recording what came of it
   * @param total from taking the row up to its end, waiting for a slot included
   * @param next until the row is due again; null where it is not, or is somebody else's by now
   */
  record Ended(
      Outcome outcome,
      @Nullable String errorCode,
      int attempt,
      Duration atVapi,
      Duration settling,
      Duration total,
      @Nullable Duration next) {}

  /** What became of a doubt. The names in metrics are these in lower case. */
  enum Resolution {
    /** The assistant was there, and is the user's now. */
    ADOPTED,
    /** Nothing was there, and another attempt made one. */
    CREATED_ANEW,
    /** It was one too many, and is deleted. */
    COLLECTED,
    /** The attempts are spent before anybody could tell; it is still looked for. */
    GIVEN_UP;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What a deleted assistant was. The names in metrics are these in lower case. */
  enum Leftover {
    /** Its user has another. */
    DUPLICATE,
    /** Its user, or its row, is gone. */
    DEPARTED;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What a webhook learnt of its row. The names in metrics are these in lower case. */
  enum Bell {
    SETTLED,
    UNDERWAY,
    NO_SUCH_PROVISION;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
