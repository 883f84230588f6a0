package dev.provisioner.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system has counted of a process: Linux's {@code /proc}. */
final class ProcessUsage {
  /** USER_HZ, the same on every Linux that runs Java. */
  private static final double TICKS_PER_SECOND = 100;

  /** Fields of {@code /proc/<pid>/stat}, from the one after the name. */
  private static final int PARENT = 1;

  private static final int USER = 11;
  private static final int SYSTEM = 12;
  private static final int USER_OF_ENDED_CHILDREN = 13;
  private static final int SYSTEM_OF_ENDED_CHILDREN = 14;

  private ProcessUsage() {}

  /** Processor time so far, in seconds. */
  static double processor(long pid) {
    String[] stat = stat(pid);
    return (Long.parseLong(stat[USER]) + Long.parseLong(stat[SYSTEM])) / TICKS_PER_SECOND;
  }

  /**
   * The same with all of its children, those that have ended included. Read again when one has
   * ended meanwhile: it would be counted twice, or not at all.
   */
  static double processorOfAll(long parent) {
    while (true) {
      long ended = ended(parent);
      double sum = processor(parent) + ended / TICKS_PER_SECOND;
      for (long child :
          ProcessHandle.of(parent)
              .orElseThrow()
              .children()
              .mapToLong(ProcessHandle::pid)
              .toArray()) {
        try {
          sum += processor(child);
        } catch (UncheckedIOException e) {
          sum = Double.NaN; // ended just now
        }
      }
      if (!Double.isNaN(sum) && ended(parent) == ended) {
        return sum;
      }
    }
  }

  static long parent(long pid) {
    return Long.parseLong(stat(pid)[PARENT]);
  }

  /** Resident memory now, in MB. */
  static double resident(long pid) {
    return memory(pid, "VmRSS:");
  }

  /** The most that was ever resident, in MB. */
  static double peak(long pid) {
    return memory(pid, "VmHWM:");
  }

  private static long ended(long pid) {
    String[] stat = stat(pid);
    return Long.parseLong(stat[USER_OF_ENDED_CHILDREN])
        + Long.parseLong(stat[SYSTEM_OF_ENDED_CHILDREN]);
  }

  private static double memory(long pid, String field) {
    for (String line : read(pid, "status").lines().toList()) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new IllegalStateException("process " + pid + " has no " + field);
  }

  /** The name may hold blanks and brackets. */
  private static String[] stat(long pid) {
    String stat = read(pid, "stat");
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
  }

  private static String read(long pid, String file) {
    Path path = Path.of("/proc", Long.toString(pid), file);
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "process %d cannot be measured; the benchmark needs Linux's /proc".formatted(pid), e);
    }
  }
}
