package dev.provisioner.mutants;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The service and its tests, loaded afresh and with some classes replaced, next to others of their
 * kind. What costs time to start and asks nothing of the heart is shared among all: libraries, the
 * sandbox's PostgreSQL, the document.
 */
final class Isolated extends URLClassLoader {
  private static final String OURS = "dev.provisioner.";
  private static final List<String> SHARED =
      List.of(OURS + "sandbox.", OURS + "contract.", OURS + "mutants.");

  static {
    registerAsParallelCapable();
  }

  /**
   * @param replaced where the replaced classes are; null: none
   */
  Isolated(@Nullable Path replaced) {
    super(urls(replaced), Isolated.class.getClassLoader());
  }

  /** The class of this name below the root package, as it is here. */
  Class<?> named(String name) {
    try {
      return loadClass(OURS + name);
    } catch (ClassNotFoundException e) {
      throw new RottenException("there is no test class " + OURS + name);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS) || SHARED.stream().anyMatch(name::startsWith)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      Class<?> found = loaded == null ? findClass(name) : loaded;
      if (resolve) {
        resolveClass(found);
      }
      return found;
    }
  }

  @Override
  public void close() {
    try {
      super.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL[] urls(@Nullable Path replaced) {
    List<Path> folders = new ArrayList<>();
    if (replaced != null) {
      folders.add(replaced);
    }
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of)
        .filter(each -> each.toFile().isDirectory())
        .forEach(folders::add);
    return folders.stream().map(Isolated::url).toArray(URL[]::new);
  }

  private static URL url(Path folder) {
    try {
      return folder.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalStateException(e);
    }
  }
}
