package main

import (
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

// Transactions are seen whole or not at all.
func transactions(broker string) {
	input, output := named("transactions-in"), named("transactions-out")
	createTopic(broker, input, Partitions, nil)
	createTopic(broker, output, 2, nil)
	commitAndAbort(broker, output)
	readProcessWrite(broker, input, output)
	fence(broker, output)
	Same(read(broker, output, sarama.ReadCommitted, len(Committed())), Committed(), "what is committed")
	all := len(Committed()) + 20 + 1
	Same(len(read(broker, output, sarama.ReadUncommitted, all)), all, "number of all records")
}

// Every second transaction is taken back.
func commitAndAbort(broker, output string) {
	producer := producerOf(broker)
	defer producer.Close()
	for round := range 4 {
		Must(producer.BeginTxn())
		for index := range 10 {
			send(producer, output, round*10+index)
		}
		if round%2 == 0 {
			Must(producer.CommitTxn())
		} else {
			Must(producer.AbortTxn())
		}
	}
}

// Offsets are committed with the records that came of what was read up to them.
func readProcessWrite(broker, input, output string) {
	write(broker, input, 40, 60)
	producer := producerOf(broker)
	defer producer.Close()
	group := named("movers")
	consumer := Of(sarama.NewConsumer([]string{broker}, config()))
	defer consumer.Close()
	for partition := range int32(Partitions) {
		messages := Of(consumer.ConsumePartition(input, partition, sarama.OffsetOldest))
		Must(producer.BeginTxn())
		for range 20 / Partitions {
			message := <-messages.Messages()
			var number int
			Of(fmt.Sscan(string(message.Value), &number))
			send(producer, output, number)
			Must(producer.AddMessageToTxn(message, group, nil))
		}
		Must(producer.CommitTxn())
		Must(messages.Close())
	}
	admin := adminOf(broker)
	defer admin.Close()
	committed := Of(admin.ListConsumerGroupOffsets(group, map[string][]int32{input: {0, 1, 2, 3}}))
	for partition := range int32(Partitions) {
		Same(committed.GetBlock(input, partition).Offset, int64(5), "offset that a transaction committed")
	}
}

// Who comes later with the same id ends the transaction of who was there.
func fence(broker, output string) {
	old := producerOf(broker)
	Must(old.BeginTxn())
	send(old, output, 1_000)
	young := producerOf(broker)
	defer young.Close()
	if err := old.CommitTxn(); err == nil {
		panic("a producer that was fenced could commit")
	}
	Must(young.BeginTxn())
	send(young, output, 60)
	Must(young.CommitTxn())
}

func read(broker, output string, isolation sarama.IsolationLevel, count int) []string {
	settings := config()
	settings.Consumer.IsolationLevel = isolation
	consumer := Of(sarama.NewConsumer([]string{broker}, settings))
	defer consumer.Close()
	first := Of(consumer.ConsumePartition(output, 0, sarama.OffsetOldest))
	second := Of(consumer.ConsumePartition(output, 1, sarama.OffsetOldest))
	defer first.Close()
	defer second.Close()
	values := []string{}
	patience := 20 * time.Second
	for {
		if len(values) >= count {
			patience = 300 * time.Millisecond
		}
		select {
		case message := <-first.Messages():
			values = append(values, string(message.Value))
		case message := <-second.Messages():
			values = append(values, string(message.Value))
		case <-time.After(patience):
			return Sorted(values)
		}
	}
}

func producerOf(broker string) sarama.SyncProducer {
	settings := config()
	settings.Producer.Idempotent = true
	settings.Producer.Transaction.ID = named("mover")
	settings.Net.MaxOpenRequests = 1
	return Of(sarama.NewSyncProducer([]string{broker}, settings))
}

func send(producer sarama.SyncProducer, output string, value int) {
	text := sarama.StringEncoder(fmt.Sprint(value))
	message := &sarama.ProducerMessage{Topic: output, Partition: int32(value % 2), Value: text}
	_, _, err := producer.SendMessage(message)
	Must(err)
}
