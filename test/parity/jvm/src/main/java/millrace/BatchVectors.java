package millrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;

/** Writes record batches of every codec as Kafka's own classes make them; a test reads them back. */
final class BatchVectors {
    private static final long BASE_TIMESTAMP = 1_700_000_000_000L;
    private static final long PRODUCER_ID = 4711;
    private static final short PRODUCER_EPOCH = 3;

    static void write(Path file) throws IOException {
        Map<String, Compression> codecs = new LinkedHashMap<>();
        codecs.put("none", Compression.NONE);
        codecs.put("gzip", Compression.gzip().build());
        codecs.put("snappy", Compression.snappy().build());
        codecs.put("lz4", Compression.lz4().build());
        codecs.put("zstd", Compression.zstd().build());
        List<String> lines = new ArrayList<>();
        codecs.forEach((name, codec) -> {
            ByteBuffer small = batch(codec, 9, 1, TimestampType.CREATE_TIME, false);
            lines.add(line(name + ", small", name, 9, 1, small));
            if (name.equals("none")) return;
            ByteBuffer large = batch(codec, 9, 2000, TimestampType.CREATE_TIME, true);
            lines.add(line(name + ", several blocks", name, 9, 2000, large));
        });
        ByteBuffer appendTime = batch(Compression.NONE, 3, 1, TimestampType.LOG_APPEND_TIME, false);
        lines.add(line("append time", "none", 3, 1, appendTime));
        lines.add(line("commit", "none", 0, 0, marker(ControlRecordType.COMMIT)));
        lines.add(line("abort", "none", 0, 0, marker(ControlRecordType.ABORT)));
        Files.writeString(file, "[\n" + String.join(",\n", lines) + "\n]\n");
    }

    private static ByteBuffer batch(
            Compression codec, int count, int repeat, TimestampType timestampType, boolean transactional) {
        int sequenceBeforeTheLast = Integer.MAX_VALUE - 1;
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(
                ByteBuffer.allocate(1024), (byte) 2, codec, timestampType, 0L, BASE_TIMESTAMP + 9999,
                PRODUCER_ID, PRODUCER_EPOCH, sequenceBeforeTheLast, transactional, false, 7, Integer.MAX_VALUE);
        for (int index = 0; index < count; index++) {
            long timestamp = BASE_TIMESTAMP + (long) index * index * 1000 - (index % 2) * 100_000_000_000L;
            byte[] key = index % 3 == 0 ? null : bytes("key-" + index);
            byte[] value = index % 5 == 2 ? null : bytes(("value " + index + " größer; ").repeat(repeat));
            builder.appendWithOffset(index, timestamp, key, value, headers(index));
        }
        return builder.build().buffer();
    }

    private static Header[] headers(int index) {
        if (index % 4 != 1) return new Header[0];
        return new Header[] {
            new RecordHeader("trace", bytes("t" + index)),
            new RecordHeader("trace", null),
            new RecordHeader("größe", bytes("")),
        };
    }

    private static ByteBuffer marker(ControlRecordType type) {
        EndTransactionMarker marker = new EndTransactionMarker(type, 12);
        return MemoryRecords.withEndTransactionMarker(0L, BASE_TIMESTAMP, -1, PRODUCER_ID, PRODUCER_EPOCH, marker)
                .buffer();
    }

    private static String line(String name, String codec, int count, int repeat, ByteBuffer batch) {
        byte[] content = new byte[batch.remaining()];
        batch.duplicate().get(content);
        return String.format(
                "  { \"name\": \"%s\", \"codec\": \"%s\", \"count\": %d, \"repeat\": %d,%n    \"hex\": \"%s\" }",
                name, codec, count, repeat, HexFormat.of().formatHex(content));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
