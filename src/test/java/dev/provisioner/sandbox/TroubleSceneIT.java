package dev.provisioner.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** For each trouble the README's runbook leads from the alert to the cure. */
@ExtendWith(SharedSupabase.class)
class TroubleSceneIT {
  private final SupabaseServer supabase;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  TroubleSceneIT(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @ParameterizedTest
  @EnumSource
  void runbookCuresWhatDoctorNames(Trouble trouble) throws Exception {
    try (TroubleScene scene = scene(List.of(trouble))) {
      scene.begin();

      assertThat(scene.illnesses())
          .as("%s", said)
          .anyMatch(line -> line.startsWith("doctor still says"))
          .anyMatch(line -> line.endsWith("users have exactly one assistant"));
      assertThat(scene.followTheRunbook()).as("%s", said).isEmpty();
    }
  }

  private TroubleScene scene(List<Trouble> troubles) throws Exception {
    return new TroubleScene(
        troubles, supabase, folder, new PrintStream(said, true, StandardCharsets.UTF_8));
  }
}
