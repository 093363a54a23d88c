package main

import (
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

// Records with all that they can have go out and come back, in each compression.
func records(broker string) {
	for _, codec := range Codecs {
		thereAndBack(broker, named("records-"+codec), codec, nil)
		// The broker writes the batches anew, in a compression of its own.
		other := "gzip"
		if codec == "gzip" {
			other = "snappy"
		}
		thereAndBack(broker, named("records-"+codec+"-as-"+other), codec, map[string]*string{"compression.type": &other})
	}
}

func thereAndBack(broker, topic, codec string, configs map[string]*string) {
	createTopic(broker, topic, 1, configs)
	client := Of(sarama.NewClient([]string{broker}, recordsConfig(codec)))
	defer client.Close()
	produce(client, topic)
	consumer := Of(sarama.NewConsumerFromClient(client))
	defer consumer.Close()
	partition := Of(consumer.ConsumePartition(topic, 0, sarama.OffsetOldest))
	defer partition.Close()
	var lines []string
	for len(lines) < Count {
		select {
		case message := <-partition.Messages():
			headers := []Header{}
			for _, header := range message.Headers {
				headers = append(headers, Header{Key: string(header.Key), Value: header.Value})
			}
			at := message.Timestamp.UnixMilli()
			lines = append(lines, Line(message.Offset, at, message.Key, message.Value, headers))
		case <-time.After(20 * time.Second):
			panic("20 s passed without a record")
		}
	}
	Same(lines, Lines(), topic)
	Same(Of(client.GetOffset(topic, 0, sarama.OffsetOldest)), int64(0), "first offset")
	Same(Of(client.GetOffset(topic, 0, sarama.OffsetNewest)), int64(Count), "end offset")
	Same(Of(client.GetOffset(topic, 0, Time+100)), int64(100), "offset of a time")
}

func recordsConfig(codec string) *sarama.Config {
	settings := config()
	settings.Producer.Compression = codecs[codec]
	settings.Producer.Flush.MaxMessages = 50
	settings.Producer.Idempotent = true
	settings.Net.MaxOpenRequests = 1
	settings.Consumer.Fetch.Default = 2_000
	return settings
}

func produce(client sarama.Client, topic string) {
	producer := Of(sarama.NewSyncProducerFromClient(client))
	defer producer.Close()
	messages := make([]*sarama.ProducerMessage, Count)
	for index := range messages {
		key, value, headers := Record(index)
		message := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(Time + int64(index))}
		if key != nil {
			message.Key = sarama.ByteEncoder(key)
		}
		if value != nil {
			message.Value = sarama.ByteEncoder(value)
		}
		for _, header := range headers {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(header.Key), Value: header.Value})
		}
		messages[index] = message
	}
	Must(producer.SendMessages(messages))
	for index, message := range messages {
		Same(message.Offset, int64(index), "offset that the producer is told")
	}
}
