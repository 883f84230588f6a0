package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          postgresql://postgres:pw@db.abc.supabase.co:5432/postgres                 | //db.abc.supabase.co:5432/postgres                             | postgres      | pw
          postgres://postgres.abc:pw@aws-0.pooler.supabase.com:6543/postgres        | //aws-0.pooler.supabase.com:6543/postgres?prepareThreshold=0   | postgres.abc  | pw
          POSTGRESQL://u:p@h/db                                                     | //h:5432/db                                                    | u             | p
          postgresql://u:p@h:6543/db?sslmode=require                                | //h:6543/db?sslmode=require&prepareThreshold=0                 | u             | p
          postgresql://u:p@h:6543/db?prepareThreshold=1                             | //h:6543/db?prepareThreshold=1                                 | u             | p
          postgresql://u:p@h:5432/db?sslmode=verify-full&connectTimeout=3           | //h:5432/db?sslmode=verify-full&connectTimeout=3               | u             | p
          postgresql://u:p%40%3A%2F%3F%23%25%20%C3%BC@h/db                          | //h:5432/db                                                    | u             | p@:/?#% ü
          postgresql://u%40corp:p@h/db                                              | //h:5432/db                                                    | u@corp        | p
          postgresql://u:p@ss@h/db                                                  | //h:5432/db                                                    | u             | p@ss
          postgresql://u:p:w:d@h/db                                                 | //h:5432/db                                                    | u             | p:w:d
          postgresql://u:a+b@h/db                                                   | //h:5432/db                                                    | u             | a+b
          postgresql://u:p@h/d+b?application_name=a+b                               | //h:5432/d%2Bb?application_name=a%2Bb                          | u             | p
          postgresql://u:p@[2001:db8::1]:5433/db                                    | //[2001:db8::1]:5433/db                                        | u             | p
          postgresql://u:p@[::1]/db                                                 | //[::1]:5432/db                                                | u             | p
          postgresql://u:p@one:5433,two/db                                          | //one:5433,two:5432/db                                         | u             | p
          postgresql://u@h/db                                                       | //h:5432/db                                                    | u             | -
          postgresql://u:@h/db                                                      | //h:5432/db                                                    | u             | -
          postgresql://h/db                                                         | //h:5432/db                                                    | -             | -
          postgresql://h/db?user=u&password=p%2B1                                   | //h:5432/db                                                    | u             | p+1
          jdbc:postgresql://h/db?user=u&password=p+1&sslmode=require                | //h:5432/db?sslmode=require                                    | u             | p 1
          jdbc:postgresql://h:5432/db?password=p@ss&user=u                          | //h:5432/db                                                    | u             | p@ss
          jdbc:postgresql://h:5432/db?pass%77ord=pw&USER=u                          | //h:5432/db                                                    | u             | pw
          jdbc:postgresql://u:p@h:6543/db                                           | //h:6543/db?prepareThreshold=0                                 | u             | p
          """)
  void addressIsTakenApart(
      String address, String expected, @Nullable String user, @Nullable String password) {
    DatabaseUrl url = DatabaseUrl.parse(address);

    assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql:" + expected);
    assertThat(url.user()).isEqualTo(user);
    assertThat(url.password()).isEqualTo(password == null ? null : new Secret(password));
    assertThat(Driver.parseURL(url.jdbcUrl(), new Properties()))
        .as("what the driver makes of %s", url.jdbcUrl())
        .isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mysql://u:hunter2@h/db                     | is not the address of a PostgreSQL
          hunter2                                    | is not the address of a PostgreSQL
          postgresql:hunter2                         | is not the address of a PostgreSQL
          jdbc:postgresql:hunter2                    | is not the address of a PostgreSQL
          postgresql://u:hunter2@h                   | names no database
          postgresql://u:hunter2@h/                  | names no database
          postgresql://u:hunter2@h?sslmode=require   | names no database
          postgresql://u:hunter2@/db                 | names no host
          postgresql://u:hunter2@:5432/db            | names no host
          postgresql:///db                           | names no host
          postgresql://u:hunter2@h:0/db              | has a port outside 1 to 65535
          postgresql://u:hunter2@h:70000/db          | has a port outside 1 to 65535
          postgresql://u:hunter2@h:port/db           | has no readable host and port
          postgresql://u:hunter2@ho st/db            | has no readable host and port
          postgresql://u:hunter2@::1/db              | names no host
          postgresql://u:hunter2@2001:db8::1/db      | has no readable host and port
          postgresql://u:hunt/er2@h/db               | cannot be taken apart
          postgresql://u:hunt?er2@h/db               | cannot be taken apart
          postgresql://u:hunt#er2@h/db               | has a # in it
          postgresql://u:a@hunt/er2@h/db             | cannot be taken apart
          postgresql://u:hunter2%@h/db               | has a % that encodes nothing
          postgresql://u:hunter2%4@h/db              | has a % that encodes nothing
          postgresql://u:hunter2%zz@h/db             | has a % that encodes nothing
          postgresql://u:hunter2%FF@h/db             | percent-encodes something that is no UTF-8
          postgresql://u:p@h/db?sslpassword=hunter2  | has the parameter sslpassword
          """)
  void refusalSaysWhatToWriteAndShowsNothing(String address, String expected) {
    IllegalArgumentException e =
        catchThrowableOfType(IllegalArgumentException.class, () -> DatabaseUrl.parse(address));

    assertThat(e).as("refused").isNotNull();
    assertThat(e.getMessage()).startsWith(expected).containsAnyOf("Write", "write", "Use");
    assertThat(e.getMessage()).doesNotContain("hunt", "er2");
    assertThat(e.getCause()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://u:hunter2@h:5432/db?sslmode=require",
        "jdbc:postgresql://h/db?user=u&password=hunter2&options=secret"
      })
  void itsTextShowsHostAndDatabaseOnly(String address) {
    assertThat(DatabaseUrl.parse(address)).hasToString("jdbc:postgresql://h:5432/db");
  }

  @Test
  void credentialsNeverStayInTheAddress() {
    DatabaseUrl url =
        DatabaseUrl.parse("jdbc:postgresql://u:hunter2@h/db?Password=hunter3&user=other");

    assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://h:5432/db");
    assertThat(url.user()).isEqualTo("u");
    assertThat(url.password()).isEqualTo(new Secret("hunter2"));
  }

  @Test
  void defaultsGiveWayToTheAddress() {
    Map<String, String> defaults = Map.of("connectTimeout", "5");

    assertThat(DatabaseUrl.parse("postgresql://u:p@h/db").jdbcUrl(defaults))
        .isEqualTo("jdbc:postgresql://h:5432/db?connectTimeout=5");
    assertThat(DatabaseUrl.parse("postgresql://u:p@h/db?ssl=true").jdbcUrl(defaults))
        .isEqualTo("jdbc:postgresql://h:5432/db?ssl=true&connectTimeout=5");
    assertThat(DatabaseUrl.parse("postgresql://u:p@h/db?connectTimeout=9").jdbcUrl(defaults))
        .isEqualTo("jdbc:postgresql://h:5432/db?connectTimeout=9");
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://u:p@db.abc.supabase.co:5432/postgres, db.abc.supabase.co:5432, DIRECT, false, false",
    "postgresql://u:p@aws-0-eu.pooler.supabase.com:5432/postgres?sslmode=require, aws-0-eu.pooler.supabase.com:5432, SESSION_POOLER, false, true",
    "postgresql://u:p@aws-0-eu.pooler.supabase.com:6543/postgres?sslmode=verify-full, aws-0-eu.pooler.supabase.com:6543, TRANSACTION_POOLER, false, true",
    "postgresql://u:p@db.abc.supabase.co:6543/postgres?sslmode=prefer, db.abc.supabase.co:6543, TRANSACTION_POOLER, false, false",
    "postgresql://u:p@localhost/postgres, localhost:5432, DIRECT, true, false",
    "postgresql://u:p@[::1]:5433/postgres, [::1]:5433, DIRECT, true, false",
    "jdbc:postgresql://127.0.0.1/postgres?ssl=true, 127.0.0.1:5432, DIRECT, true, true",
    "'postgresql://u:p@localhost,far.example/db', 'localhost:5432,far.example:5432', DIRECT, false, false",
    "postgresql://u:p@localhost.example/db, localhost.example:5432, DIRECT, false, false",
    "postgresql://provisioner.abcdefghijklmnopqrst:p@far.example/db, far.example:5432, SESSION_POOLER, false, false",
    "postgresql://first.last:p@far.example/db, far.example:5432, DIRECT, false, false",
  })
  void addressTellsHowAConnectionComesAbout(
      String address, String hosts, DatabaseUrl.Mode mode, boolean local, boolean tls) {
    DatabaseUrl url = DatabaseUrl.parse(address);

    assertThat(url.hosts()).isEqualTo(hosts);
    assertThat(url.mode()).isEqualTo(mode);
    assertThat(url.local()).isEqualTo(local);
    assertThat(url.requiresTls()).isEqualTo(tls);
  }
}
