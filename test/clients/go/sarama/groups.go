package main

import (
	"context"
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

// A consumer of a group, which commits what it reads and then keeps it.
type member struct {
	Reading
	group sarama.ConsumerGroup
	done  chan struct{}
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
	one.Hold(true, claim.Partition())
	defer one.Hold(false, claim.Partition())
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		session.Commit()
		one.Add(message.Value)
	}
	return nil
}

// Leave returns when it has left.
func (one *member) Leave() {
	Must(one.group.Close())
	<-one.done
}

// Members of a group come and go, and each record is read once.
func groups(broker, name string, strategy sarama.BalanceStrategy) {
	topic, group := named("group-"+name), named("readers-"+name)
	createTopic(broker, topic, Partitions, nil)
	Group{
		Join:     func() Member { return join(broker, group, topic, strategy) },
		Write:    func(from, to int) { write(broker, topic, from, to) },
		WhileTwo: func() { describe(broker, group) },
	}.Tell()
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
	for partition := range int32(Partitions) {
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
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Partition: int32(number % Partitions), Value: value})
	}
	Must(producer.SendMessages(messages))
}
