package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Supavisor and PgBouncer say when they give no connection, and what we make of it. */
@ExtendWith(SharedSupabase.class)
class PoolerRefusalsTest {
  private static final String PASSWORD = "the-password-that-was-refused";

  private final World world;

  PoolerRefusalsTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          XX000 | (EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15          | no connection left             | VAPI_CONCURRENCY
          XX000 | (EMAXCONN) max client connections reached, limit: 200                                                      | no connection left             | VAPI_CONCURRENCY
          XX000 | (ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Transaction mode           | no connection left             | pool size
          08P01 | no more connections allowed (max_client_conn)                                                               | no connection left             | pool size
          53300 | remaining connection slots are reserved for roles with the SUPERUSER attribute                              | no connection left             | pg_stat_activity
          XX000 | (ENOTFOUND) tenant/user provisioner.abcdefghijklmnopqrst not found                                          | does not know the project      | provisioner.<project ref>
          XX000 | Tenant or user not found                                                                                    | does not know the project      | provisioner.<project ref>
          XX000 | (ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)                        | does not know the project      | provisioner.<project ref>
          28P01 | password authentication failed for user "provisioner"                                                       | refuses the user or the passwo | alter role provisioner
          08P01 | SASL authentication failed                                                                                  | refuses the user or the passwo | alter role provisioner
          XX000 | (ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked                 | after too many wrong passwords | wait
          XX000 | (EADDRNOTALLOWED) address not in tenant allow_list: {203, 0, 113, 7}                                        | network restrictions           | Allow its address
          XX000 | (ESSLREQUIRED) SSL connection is required for user: provisioner                                             | insists on TLS                 | sslmode=require
          28000 | no pg_hba.conf entry for host "203.0.113.7", user "provisioner", database "postgres", no encryption        | insists on TLS                 | sslmode=require
          08P01 | no such database: postgres                                                                                  | no database of the name        | DATABASE_URL=
          08P01 | server login has been failing, try again later (server_login_retry)                                         | the pooler cannot reach it     | paused
          57P03 | the database system is starting up                                                                          | starting up or shutting down   | tried again
          """)
  void refusalIsExplained(String state, String message, String reason, String remedy)
      throws Exception {
    try (Refuser refuser = new Refuser(state, message)) {
      meet(refuser);

      assertThat(doctor())
          .contains("no connection to localhost:", reason, remedy)
          .doesNotContain(PASSWORD, "abcdefghijklmnopqrst", "203");
    }
  }

  @Test
  void readinessTellsTheReasonAndNothingThatWasSaid() throws Exception {
    try (Refuser refuser =
        new Refuser(
            "XX000", "(ENOTFOUND) tenant/user provisioner.abcdefghijklmnopqrst not found")) {
      meet(refuser);
      world.start();

      assertThat(world.get("/readyz").json().at("/checks/database/reason").asText())
          .isEqualTo(
              "The database cannot be reached: the pooler does not know the project, or the role in"
                  + " it. Webhooks are answered 503. At a pooler the user is provisioner.<project ref>, and"
                  + " the host is that of the project's region: copy it from the project's Connect"
                  + " dialog.");
    }
  }

  private void meet(Refuser refuser) {
    world.with(
        "DATABASE_URL",
        "postgresql://provisioner.abcdefghijklmnopqrst:%s@localhost:%d/postgres"
            .formatted(PASSWORD, refuser.port()));
  }

  private String doctor() throws InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DoctorCommand.run(
        List.of(),
        world.environment(),
        new PrintStream(out, true, UTF_8),
        new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
        InstantSource.system());
    return out.toString(UTF_8);
  }

  /** Speaks PostgreSQL's protocol far enough to say no. */
  private static final class Refuser implements AutoCloseable {
    private static final int SSL_REQUEST = 80877103;

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final byte[] refusal;

    Refuser(String state, String message) throws IOException {
      refusal = "SFATAL\0VFATAL\0C%s\0M%s\0\0".formatted(state, message).getBytes(UTF_8);
      Thread.ofVirtual().start(this::accept);
    }

    int port() {
      return socket.getLocalPort();
    }

    private void accept() {
      while (!socket.isClosed()) {
        try {
          Socket client = socket.accept();
          Thread.ofVirtual().start(() -> refuse(client));
        } catch (IOException e) {
          // Closed: the loop ends.
        }
      }
    }

    private void refuse(Socket client) {
      try (client) {
        DataInputStream in = new DataInputStream(client.getInputStream());
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        while (true) {
          int length = in.readInt();
          int code = in.readInt();
          in.skipNBytes(length - 8);
          if (code == SSL_REQUEST) {
            out.writeByte('N');
            continue;
          }
          out.writeByte('E');
          out.writeInt(4 + refusal.length);
          out.write(refusal);
          return;
        }
      } catch (IOException e) {
        // The client has gone.
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
