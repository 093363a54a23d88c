package millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints a line of JSON every so many records: how far the run is, and what it has cost so far. */
final class Samples {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final long every;
  private long next;

  Samples(long every) {
    this.every = every;
    this.next = every;
    print(0);
  }

  void at(long records) {
    if (records < next) return;
    next = (records / every + 1) * every;
    print(records);
  }

  /** Tells how long it took until all that was still on its way had been written, once the last record was there. */
  void drained(double milliseconds) {
    System.out.printf("{\"drainMs\":%.0f}%n", milliseconds);
  }

  void end(long records, long checksum) throws Exception {
    long peakKb =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmHWM:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElse(0);
    System.out.printf(
        "{\"end\":%d,\"checksum\":%d,\"peakMemoryBytes\":%d}%n", records, checksum, peakKb * 1024);
  }

  private static void print(long records) {
    System.out.printf(
        "{\"records\":%d,\"wallMs\":%.3f,\"cpuMs\":%.3f}%n",
        records, System.nanoTime() / 1e6, SYSTEM.getProcessCpuTime() / 1e6);
  }
}
