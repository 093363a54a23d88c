package main

import (
	"context"
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const input, output, id = "transactions-in", "transactions-out", "mover"

// Transactions are seen whole or not at all.
func transactions(broker string) {
	createTopic(broker, input, Partitions, nil)
	createTopic(broker, output, 2, nil)
	commitAndAbort(broker)
	readProcessWrite(broker)
	fence(broker)
	abortFromOutside(broker)
	Same(read(broker, kgo.ReadCommitted(), len(Committed())), Committed(), "what is committed")
	all := len(Committed()) + 20 + 2
	Same(len(read(broker, kgo.ReadUncommitted(), all)), all, "number of all records")
}

// Every second transaction is taken back.
func commitAndAbort(broker string) {
	producer := producerOf(broker, id)
	defer producer.Close()
	for round := range 4 {
		Must(producer.BeginTransaction())
		for index := range 10 {
			send(producer, round*10+index)
		}
		Must(producer.EndTransaction(ctx, kgo.TransactionEndTry(round%2 == 0)))
	}
}

// Offsets are committed with the records that came of what was read up to them (KIP-447).
func readProcessWrite(broker string) {
	write(broker, input, 40, 60)
	session := Of(kgo.NewGroupTransactSession(
		kgo.SeedBrokers(broker), kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ConsumerGroup("movers"), kgo.ConsumeTopics(input), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.RequireStableFetchOffsets(),
		kgo.HeartbeatInterval(200*time.Millisecond),
	))
	defer session.Close()
	for moved := 0; moved < 20; {
		fetches := session.PollRecords(ctx, 5)
		Must(fetches.Err0())
		Must(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) {
			var number int
			Of(fmt.Sscan(string(record.Value), &number))
			send(session.Client(), number)
		})
		if Of(session.End(ctx, kgo.TryCommit)) {
			moved += fetches.NumRecords()
		}
	}
	admin, sum := adminOf(broker), int64(0)
	defer admin.Close()
	Of(admin.FetchOffsets(ctx, "movers")).Each(func(response kadm.OffsetResponse) { sum += response.At })
	Same(sum, int64(20), "sum of the offsets that the transactions committed")
}

// Who comes later with the same id ends the transaction of who was there.
func fence(broker string) {
	old, young := producerOf(broker, id), producerOf(broker, id)
	defer old.Close()
	defer young.Close()
	Must(old.BeginTransaction())
	send(old, 1_000)
	Must(young.BeginTransaction())
	send(young, 60)
	if err := old.EndTransaction(ctx, kgo.TryCommit); err == nil {
		panic("a producer that was fenced could commit")
	}
	Must(young.EndTransaction(ctx, kgo.TryCommit))
}

// An operator finds a transaction that hangs, and ends it.
func abortFromOutside(broker string) {
	producer, admin := producerOf(broker, "hanging"), adminOf(broker)
	defer producer.Close()
	defer admin.Close()
	Must(producer.BeginTransaction())
	send(producer, 1_002)
	described := Of(admin.DescribeTransactions(ctx, "hanging"))["hanging"]
	Same(described.State, "Ongoing", "state of the transaction")
	Same(Of(admin.ListTransactions(ctx, nil, []string{"Ongoing"})).TransactionalIDs(), []string{"hanging"}, "listed")
	producers := Of(admin.DescribeProducers(ctx, described.Topics))[output]
	open, isThere := producers.Partitions[0].ActiveProducers[described.ProducerID]
	Same(isThere && open.CurrentTxnStartOffset >= 0, true, "whether the producer's transaction is open")
	Of(admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{
		ProducerID: open.ProducerID, ProducerEpoch: open.ProducerEpoch, Topics: described.Topics,
		CoordinatorEpoch: max(open.CoordinatorEpoch, 0),
	}))
}

func read(broker string, isolation kgo.IsolationLevel, count int) []string {
	start := kgo.NewOffset().AtStart()
	offsets := map[string]map[int32]kgo.Offset{output: {0: start, 1: start}}
	reader := client(broker, kgo.ConsumePartitions(offsets), kgo.FetchIsolationLevel(isolation))
	defer reader.Close()
	values := []string{}
	take := func(patience time.Duration) {
		within, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		reader.PollFetches(within).EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	Until("all is read", func() bool {
		take(time.Second)
		return len(values) >= count
	})
	take(300 * time.Millisecond)
	return Sorted(values)
}

func producerOf(broker, transactionalID string) *kgo.Client {
	return client(broker, kgo.TransactionalID(transactionalID), kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func send(producer *kgo.Client, value int) {
	record := &kgo.Record{Topic: output, Partition: int32(value % 2), Value: fmt.Appendf(nil, "%d", value)}
	Must(producer.ProduceSync(ctx, record).FirstErr())
}
