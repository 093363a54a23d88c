package main

import (
	"context"
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A consumer of a group, which commits what it reads and then keeps it.
type member struct {
	Reading
	client *kgo.Client
	done   chan struct{}
}

func join(broker, protocol, group, topic string) *member {
	one := &member{done: make(chan struct{})}
	options := []kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, given map[string][]int32) { one.Hold(true, given[topic]...) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { one.Hold(false, taken[topic]...) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { one.Hold(false, lost[topic]...) }),
	}
	if protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	one.client = client(broker, options...)
	go one.poll()
	return one
}

func (one *member) poll() {
	defer close(one.done)
	for {
		fetches := one.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		Must(fetches.Err0())
		Must(one.client.CommitUncommittedOffsets(ctx))
		fetches.EachRecord(func(record *kgo.Record) { one.Add(record.Value) })
		one.client.AllowRebalance()
	}
}

// Leave commits nothing more.
// Leave returns when it has left.
func (one *member) Leave() {
	one.client.CloseAllowingRebalance()
	<-one.done
}

// Members of a group come and go, and each record is read once.
func groups(broker, protocol string) {
	topic, group := "group-"+protocol, "readers-"+protocol
	createTopic(broker, topic, Partitions, nil)
	Group{
		Join:     func() Member { return join(broker, protocol, group, topic) },
		Write:    func(from, to int) { write(broker, topic, from, to) },
		WhileTwo: func() { describe(broker, protocol, group) },
	}.Tell()
	offsets(broker, group, topic)
}

func describe(broker, protocol, group string) {
	admin := adminOf(broker)
	defer admin.Close()
	listed := Of(admin.ListGroupsByType(ctx, []string{protocol}))[group]
	Same(listed.State, "Stable", "state")
	if protocol == "consumer" {
		Same(len(Of(admin.DescribeConsumerGroups(ctx, group))[group].Members), 2, "members")
	} else {
		Same(len(Of(admin.DescribeGroups(ctx, group))[group].Members), 2, "members")
	}
}

func offsets(broker, group, topic string) {
	admin := adminOf(broker)
	defer admin.Close()
	committed, sum := Of(admin.FetchOffsets(ctx, group)), int64(0)
	committed.Each(func(response kadm.OffsetResponse) { sum += response.At })
	Same(sum, int64(350), "sum of the committed offsets")
	lag := Of(admin.Lag(ctx, group))[group]
	Same(lag.Lag.Total(), int64(0), "lag")
	var back kadm.Offsets
	back.Add(kadm.Offset{Topic: topic, Partition: 0, At: 5, LeaderEpoch: -1, Metadata: "back"})
	Must(admin.CommitAllOffsets(ctx, group, back))
	altered, _ := Of(admin.FetchOffsets(ctx, group)).Lookup(topic, 0)
	Same(fmt.Sprint(altered.At, altered.Metadata), "5back", "altered offset")
	var set kadm.TopicsSet
	set.Add(topic, 0)
	Must(Of(admin.DeleteOffsets(ctx, group, set)).Error())
	_, isThere := Of(admin.FetchOffsets(ctx, group)).Lookup(topic, 0)
	Same(isThere, false, "whether a deleted offset is there")
	Of(admin.DeleteGroup(ctx, group))
	_, err := admin.DeleteGroup(ctx, group)
	Refused(err, kerr.GroupIDNotFound)
}

func write(broker, topic string, from, to int) {
	writer := client(broker, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer writer.Close()
	records := []*kgo.Record{}
	for number := from; number < to; number++ {
		value := fmt.Appendf(nil, "%d", number)
		records = append(records, &kgo.Record{Topic: topic, Partition: int32(number % Partitions), Value: value})
	}
	Must(writer.ProduceSync(ctx, records...).FirstErr())
}
