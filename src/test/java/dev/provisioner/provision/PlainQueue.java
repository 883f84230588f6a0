package dev.provisioner.provision;

import dev.provisioner.provision.RecordedStatement.Places;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@link Queue}'s claims and its settle by plain JDBC on one connection, for measuring what they
 * cost without us. The statements are recorded from the queue itself, so they are the same ones for
 * as long as this works at all.
 */
public final class PlainQueue implements AutoCloseable {
  private final PreparedStatement claim;
  private final Places claimed;
  private final PreparedStatement claimDue;
  private final PreparedStatement settle;
  private final Places id;
  private final Places token;
  private final Places mine;
  private final Places assistant;

  /** A row that was claimed, and what its settle must show. */
  public record Held(UUID id, UUID token, OffsetDateTime mine) {}

  /**
   * @param batch how many rows {@link #claimDue} claims at most
   * @param policy as the service has it: its lease and timeouts are bound, too
   */
  public PlainQueue(Connection connection, int batch, Policy policy) throws SQLException {
    UUID row = UUID.randomUUID(); // of no row: nothing changes while the statements are recorded
    RecordedStatement byId =
        record(connection, policy, queue -> queue.claim(List.of(row), Reach.WEBHOOK));
    claim = byId.prepare(connection);
    claimed = byId.placesOf(row);
    claimDue = recordClaimDue(connection, policy, batch).prepare(connection);
    Claim held = held(row, policy);
    RecordedStatement settling =
        record(connection, policy, queue -> queue.settleProcessed(held, "recorded"));
    settle = settling.prepare(connection);
    id = settling.placesOf(held.id());
    token = settling.placesOf(held.token());
    mine = settling.placesOf(held.mine());
    assistant = settling.placesOf("recorded");
  }

  /** Null where it may not be claimed. */
  public @Nullable Held claim(UUID row) throws SQLException {
    claimed.bind(claim, row);
    List<Held> found = held(claim);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** None: nothing is due, or others are claiming it. */
  public List<Held> claimDue() throws SQLException {
    return held(claimDue);
  }

  /**
   * Settles as processed, with this assistant in use.
   *
   * @throws IllegalStateException it was not settled so
   */
  public void settle(Held row, String assistantId) throws SQLException {
    id.bind(settle, row.id());
    token.bind(settle, row.token());
    mine.bind(settle, row.mine());
    assistant.bind(settle, assistantId);
    settle.execute();
    String inUse = null;
    do {
      try (ResultSet found = settle.getResultSet()) {
        if (found != null && found.next() && found.getMetaData().getColumnCount() == 1) {
          inUse = found.getString(1);
        }
      }
    } while (settle.getMoreResults() || settle.getUpdateCount() != -1);
    if (!assistantId.equals(inUse)) {
      throw new IllegalStateException("row " + row.id() + " was not settled; in use: " + inUse);
    }
  }

  @Override
  public void close() throws SQLException {
    claim.close();
    claimDue.close();
    settle.close();
  }

  private static List<Held> held(PreparedStatement claim) throws SQLException {
    List<Held> claims = new ArrayList<>();
    try (ResultSet row = claim.executeQuery()) {
      while (row.next()) {
        claims.add(
            new Held(
                row.getObject("id", UUID.class),
                row.getObject("claim_token", UUID.class),
                row.getObject("mine", OffsetDateTime.class)));
      }
    }
    return claims;
  }

  /** Within a transaction that is taken back: there may be rows that are due. */
  private static RecordedStatement recordClaimDue(Connection connection, Policy policy, int batch)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      return record(connection, policy, queue -> queue.claimDue(batch));
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private static RecordedStatement record(
      Connection connection, Policy policy, Consumer<Queue> asks) {
    return RecordedStatement.of(
        connection,
        recorded ->
            asks.accept(
                new Queue(
                    new Database(() -> KeptOpen.of(recorded)),
                    policy,
                    Clock.systemUTC(),
                    System::nanoTime)));
  }

  private static Claim held(UUID row, Policy policy) {
    Instant then = Instant.EPOCH;
    return new Claim(
        row,
        UUID.randomUUID(),
        null,
        null,
        Status.PENDING,
        0,
        UUID.randomUUID(),
        then,
        then.plus(Duration.ofSeconds(1)),
        null,
        null,
        null,
        Lease.startingNow(policy.lease(), Clock.systemUTC(), System::nanoTime));
  }
}
