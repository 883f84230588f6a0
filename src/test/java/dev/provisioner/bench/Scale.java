package dev.provisioner.bench;

import java.util.List;

/**
 * How much is measured.
 *
 * @param seconds of one timed round
 * @param rounds of each measurement, ours and its bound in turn; the median counts
 * @param warmUp webhooks before anything is timed
 * @param connections at which webhooks are sent
 * @param due rows that are reconciled
 * @param burst webhooks sent at a rate of a fifth of that per second
 * @param slots calls in flight while the burst is worked off
 * @param histories rows of history; what the first one costs is what the others are compared with
 * @param backlog rows that are due where a backlog is measured
 * @param samples of each cost as it grows
 * @param provisions after which memory is read
 * @param starts of the process
 */
record Scale(
    double seconds,
    int rounds,
    int warmUp,
    List<Integer> connections,
    int due,
    int burst,
    int slots,
    List<Integer> histories,
    int backlog,
    int samples,
    int provisions,
    int starts) {

  /** Some five minutes on two cores. */
  static final Scale WHOLE =
      new Scale(
          1.5,
          3,
          6_000,
          List.of(1, 8, 32, 128),
          20_000,
          5_000,
          64,
          List.of(1_000, 100_000, 2_000_000),
          100_000,
          150,
          50_000,
          3);

  /** The same with shorter rounds, or longer ones. */
  Scale withSeconds(double other) {
    return new Scale(
        other,
        rounds,
        warmUp,
        connections,
        due,
        burst,
        slots,
        histories,
        backlog,
        samples,
        provisions,
        starts);
  }
}
