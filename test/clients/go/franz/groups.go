package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const partitions = 4

// A consumer of a group, which commits what it reads and then keeps it.
type member struct {
	mutex  sync.Mutex
	held   map[int32]bool
	values []string
	client *kgo.Client
	done   chan struct{}
}

func join(broker, protocol, group, topic string) *member {
	one := &member{held: map[int32]bool{}, done: make(chan struct{})}
	options := []kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.HeartbeatInterval(200 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, given map[string][]int32) { one.move(given[topic], true) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, taken map[string][]int32) { one.move(taken[topic], false) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { one.move(lost[topic], false) }),
	}
	if protocol == "consumer" {
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	}
	one.client = client(broker, options...)
	go one.poll()
	return one
}

func (one *member) move(numbers []int32, isHeld bool) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	for _, number := range numbers {
		if isHeld {
			one.held[number] = true
		} else {
			delete(one.held, number)
		}
	}
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
		one.mutex.Lock()
		fetches.EachRecord(func(record *kgo.Record) { one.values = append(one.values, string(record.Value)) })
		one.mutex.Unlock()
		one.client.AllowRebalance()
	}
}

func (one *member) holds() int {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return len(one.held)
}

func (one *member) read() []string {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return append([]string{}, one.values...)
}

func (one *member) leave() {
	one.client.CloseAllowingRebalance()
	<-one.done
}

// Members of a group come and go, and each record is read once.
func groups(broker, protocol string) {
	topic, group := "group-"+protocol, "readers-"+protocol
	createTopic(broker, topic, partitions, nil)
	one := join(broker, protocol, group, topic)
	Until("one member has all partitions", func() bool { return one.holds() == partitions })
	write(broker, topic, 0, 100)
	Until("all is read", func() bool { return len(one.read()) >= 100 })

	other := join(broker, protocol, group, topic)
	Until("each has half", func() bool { return one.holds() == 2 && other.holds() == 2 })
	write(broker, topic, 100, 200)
	Until("all is read", func() bool { return len(one.read())+len(other.read()) >= 200 })
	Same(Sorted(one.read(), other.read()), Numbers(0, 200), "values")
	Same(len(other.read()) > 0, true, "whether the second member reads")
	describe(broker, protocol, group)

	other.leave()
	Until("one has all again", func() bool { return one.holds() == partitions })
	write(broker, topic, 200, 300)
	Until("the rest is read", func() bool { return len(one.read())+len(other.read()) >= 300 })
	Same(Sorted(one.read(), other.read()), Numbers(0, 300), "values")
	one.leave()

	again := join(broker, protocol, group, topic)
	write(broker, topic, 300, 350)
	Until("the new records are read", func() bool { return len(again.read()) >= 50 })
	Same(Sorted(again.read()), Numbers(300, 350), "values read by one who resumes")
	again.leave()
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
		records = append(records, &kgo.Record{Topic: topic, Partition: int32(number % partitions), Value: value})
	}
	Must(writer.ProduceSync(ctx, records...).FirstErr())
}
