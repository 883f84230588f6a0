package dev.provisioner;

import static java.util.Objects.requireNonNull;

import dev.provisioner.Boundary.Successor;
import dev.provisioner.Witness.Ending;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The packaged service, killed with SIGKILL between any two steps of a provision. It knows nothing
 * of this: who answers it, or withholds a lock or a byte from it, decides when it dies.
 *
 * <p>{@code -Dboundary=tombstone} plays only the boundaries with that word in their names.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CrashMatrixIT implements Scene.Cast {
  private final SupabaseServer supabase;
  private final CrashReport report = new CrashReport();
  private final ExecutorService starter = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<Instance>> victims = new ArrayList<>();
  private boolean rehearsed;
  private @Nullable World world;
  private @Nullable Instance other;

  CrashMatrixIT(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  static Stream<Arguments> crashes() {
    String wanted = System.getProperty("boundary", "");
    return Boundary.all().stream()
        .filter(each -> each.name().contains(wanted))
        .flatMap(each -> each.successors().stream().sorted().map(heir -> Arguments.of(each, heir)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("crashes")
  void exactlyOneAfterwards(Boundary boundary, Successor successor) throws Exception {
    if (world == null) {
      raiseCurtain();
    }
    Scene scene = new Scene(this, successor);
    boolean good = false;
    try {
      boundary.script().play(scene);
      scene.untilQuiet();
      Ending ending = scene.witness().ending();
      report.add(boundary, ending);
      scene.witness().judge(boundary, ending);
      good = true;
    } finally {
      scene.clear();
      if (good) {
        bury();
      } else {
        dropCurtain(); // what it has left must not be the next one's trouble
      }
    }
  }

  private void raiseCurtain() {
    World fresh = World.empty(supabase).with("VAPI_TIMEOUT", "60s");
    world = fresh;
    if (!rehearsed) {
      Instance.rehearse(fresh, fresh.person());
      rehearsed = true;
    }
    replace();
    other = Instance.start(fresh);
  }

  private void dropCurtain() {
    victims.forEach(each -> started(each).close());
    victims.clear();
    if (other != null) {
      other.close();
      other = null;
    }
    if (world != null) {
      world.close();
      world = null;
    }
  }

  /** The dead are not needed any more. */
  private void bury() {
    while (victims.size() > 1) {
      started(victims.removeFirst()).close();
    }
  }

  @AfterAll
  void end() {
    dropCurtain();
    starter.close();
    report.print(System.out);
  }

  @Override
  public World world() {
    return requireNonNull(world);
  }

  @Override
  public Instance other() {
    return requireNonNull(other);
  }

  @Override
  public Instance victim() {
    return started(victims.getLast());
  }

  @Override
  public void replace() {
    World stage = world();
    victims.add(starter.submit(() -> Instance.start(stage)));
  }

  private static Instance started(Future<Instance> instance) {
    try {
      return instance.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("an instance did not start", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
