package main

import (
	"time"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

// Records with all that they can have go out and come back, in each compression.
func records(broker string) {
	for _, codec := range Codecs {
		thereAndBack(broker, "records-"+codec, codec, nil)
		// The broker writes the batches anew, in a compression of its own.
		other := "zstd"
		if codec == "zstd" {
			other = "uncompressed"
		}
		thereAndBack(broker, "records-"+codec+"-as-"+other, codec, map[string]*string{"compression.type": &other})
	}
}

func thereAndBack(broker, topic, codec string, configs map[string]*string) {
	createTopic(broker, topic, 1, configs)
	writer := client(broker, kgo.ProducerBatchCompression(codecs[codec]), kgo.ProducerBatchMaxBytes(4_000))
	defer writer.Close()
	sent := make([]*kgo.Record, Count)
	for index := range sent {
		key, value, headers := Record(index)
		record := &kgo.Record{Topic: topic, Key: key, Value: value, Timestamp: time.UnixMilli(Time + int64(index))}
		for _, header := range headers {
			record.Headers = append(record.Headers, kgo.RecordHeader(header))
		}
		sent[index] = record
	}
	Must(writer.ProduceSync(ctx, sent...).FirstErr())
	for index, record := range sent {
		Same(record.Offset, int64(index), "offset that the producer is told")
	}

	start := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}
	reader := client(broker, kgo.ConsumePartitions(start), kgo.FetchMaxBytes(2_000))
	defer reader.Close()
	var lines []string
	Until(topic+" is read", func() bool {
		fetches := reader.PollFetches(ctx)
		Must(fetches.Err0())
		fetches.EachRecord(func(record *kgo.Record) {
			headers := []Header{}
			for _, header := range record.Headers {
				headers = append(headers, Header(header))
			}
			at := record.Timestamp.UnixMilli()
			lines = append(lines, Line(record.Offset, at, record.Key, record.Value, headers))
		})
		return len(lines) >= Count
	})
	Same(lines, Lines(), topic)
	ended, _ := Of(adminOf(broker).ListEndOffsets(ctx, topic)).Lookup(topic, 0)
	Same(ended.Offset, int64(Count), "end offset")
	found, _ := Of(adminOf(broker).ListOffsetsAfterMilli(ctx, Time+100, topic)).Lookup(topic, 0)
	Same(found.Offset, int64(100), "offset of a time")
}
