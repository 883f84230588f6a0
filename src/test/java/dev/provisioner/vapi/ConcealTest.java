package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Vapi quotes of a user is taken out of what it says. */
class ConcealTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Ada Lovelace | name Assistant for Ada Lovelace is taken | name Assistant for [name] is taken
          Ada Lovelace | Assistant for Ada Lo                     | Assistant for [name]
          Ada Lovelace | Ada Lovelace, Ada Lovelace               | [name], [name]
          Ada Lovelace | adamant lovers                           | adamant lovers
          Max          | Max is over the maximum, Maxim.          | [name] is over the maximum, Maxim.
          Max          | "Max"                                    | "[name]"
          李            | Assistant for 李                         | Assistant for [name]
          .*           | anything at all                          | anything at all
          (((((((      | unclosed ((((((( group                   | unclosed [name] group
          ((           | unclosed (( group                        | unclosed [name] group
          """)
  void nameIsConcealedWholeOrCutButNotInsideOtherWords(String name, String said, String expected) {
    assertThat(subject(null, name).conceal(said)).isEqualTo(expected);
  }

  @Test
  void nameIsConcealedAsItIsSentNotAsItIsWritten() {
    assertThat(subject(null, "  Ada \n Lovelace\u202e ").conceal("for Ada Lovelace: no"))
        .isEqualTo("for [name]: no");
  }

  @Test
  void addressIsConcealedHoweverStrange() {
    assertThat(subject("\"odd one\"@[::1]", "Ada").conceal("no \"odd one\"@[::1] here"))
        .isEqualTo("no [e-mail] here");
  }

  @Test
  void nothingIsConcealedOfSomebodyWithoutNameAndAddress() {
    assertThat(subject(null, null).conceal("voice is missing")).isEqualTo("voice is missing");
    assertThat(subject("", " ").conceal("voice is missing")).isEqualTo("voice is missing");
  }

  private static AssistantTemplate.Subject subject(@Nullable String email, @Nullable String name) {
    return new AssistantTemplate.Subject(
        UUID.randomUUID(), email, name, UUID.randomUUID(), "installation");
  }
}
