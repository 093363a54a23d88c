package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

const partitions = 4

// A consumer of a group, which commits what it reads and then keeps it.
type member struct {
	mutex  sync.Mutex
	held   int
	values []string
	group  sarama.ConsumerGroup
	done   chan struct{}
}

func join(broker, group, topic string, strategy sarama.BalanceStrategy) *member {
	settings := config()
	settings.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	settings.Consumer.Group.Heartbeat.Interval = 200 * time.Millisecond
	one := &member{done: make(chan struct{})}
	one.group = Of(sarama.NewConsumerGroup([]string{broker}, group, settings))
	go func() {
		defer close(one.done)
		for {
			err := one.group.Consume(context.Background(), []string{topic}, one)
			if err == sarama.ErrClosedConsumerGroup {
				return
			}
			Must(err)
		}
	}()
	return one
}

func (one *member) Setup(sarama.ConsumerGroupSession) error { return nil }

func (one *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (one *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	one.hold(1)
	defer one.hold(-1)
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		session.Commit()
		one.mutex.Lock()
		one.values = append(one.values, string(message.Value))
		one.mutex.Unlock()
	}
	return nil
}

func (one *member) hold(change int) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	one.held += change
}

func (one *member) holds() int {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return one.held
}

func (one *member) read() []string {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return append([]string{}, one.values...)
}

func (one *member) leave() {
	Must(one.group.Close())
	<-one.done
}

// Members of a group come and go, and each record is read once.
func groups(broker, name string, strategy sarama.BalanceStrategy) {
	topic, group := named("group-"+name), named("readers-"+name)
	createTopic(broker, topic, partitions, nil)
	one := join(broker, group, topic, strategy)
	Until("one member has all partitions", func() bool { return one.holds() == partitions })
	write(broker, topic, 0, 100)
	Until("all is read", func() bool { return len(one.read()) >= 100 })

	other := join(broker, group, topic, strategy)
	Until("each has half", func() bool { return one.holds() == 2 && other.holds() == 2 })
	write(broker, topic, 100, 200)
	Until("all is read", func() bool { return len(one.read())+len(other.read()) >= 200 })
	Same(Sorted(one.read(), other.read()), Numbers(0, 200), "values")
	Same(len(other.read()) > 0, true, "whether the second member reads")
	describe(broker, group)

	other.leave()
	Until("one has all again", func() bool { return one.holds() == partitions })
	write(broker, topic, 200, 300)
	Until("the rest is read", func() bool { return len(one.read())+len(other.read()) >= 300 })
	Same(Sorted(one.read(), other.read()), Numbers(0, 300), "values")
	one.leave()

	again := join(broker, group, topic, strategy)
	write(broker, topic, 300, 350)
	Until("the new records are read", func() bool { return len(again.read()) >= 50 })
	Same(Sorted(again.read()), Numbers(300, 350), "values read by one who resumes")
	again.leave()
	offsets(broker, group, topic)
}

func describe(broker, group string) {
	admin := adminOf(broker)
	defer admin.Close()
	described := Of(admin.DescribeConsumerGroups([]string{group}))[0]
	Same(described.State, "Stable", "state")
	Same(len(described.Members), 2, "members")
	Same(Of(admin.ListConsumerGroups())[group], "consumer", "type of protocol")
}

func offsets(broker, group, topic string) {
	admin := adminOf(broker)
	defer admin.Close()
	asked := map[string][]int32{topic: {0, 1, 2, 3}}
	sum := int64(0)
	for partition := range int32(partitions) {
		sum += Of(admin.ListConsumerGroupOffsets(group, asked)).GetBlock(topic, partition).Offset
	}
	Same(sum, int64(350), "sum of the committed offsets")
	back := map[string]map[int32]sarama.OffsetAndMetadata{topic: {0: {Offset: 5, Metadata: "back", LeaderEpoch: -1}}}
	Of(admin.AlterConsumerGroupOffsets(group, back, nil))
	altered := Of(admin.ListConsumerGroupOffsets(group, asked)).GetBlock(topic, 0)
	Same(fmt.Sprint(altered.Offset, altered.Metadata), "5back", "altered offset")
	Must(admin.DeleteConsumerGroupOffset(group, topic, 0))
	Same(Of(admin.ListConsumerGroupOffsets(group, asked)).GetBlock(topic, 0).Offset, int64(-1), "deleted offset")
	Must(admin.DeleteConsumerGroup(group))
	Refused(admin.DeleteConsumerGroup(group), sarama.ErrGroupIDNotFound)
}

func write(broker, topic string, from, to int) {
	producer := Of(sarama.NewSyncProducer([]string{broker}, config()))
	defer producer.Close()
	messages := []*sarama.ProducerMessage{}
	for number := from; number < to; number++ {
		value := sarama.StringEncoder(fmt.Sprint(number))
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Partition: int32(number % partitions), Value: value})
	}
	Must(producer.SendMessages(messages))
}
