package main

import (
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

const administered = "administered"

// What sarama's admin client asks of a broker, and the reasons for which it says no.
func admin(broker string) {
	client := adminOf(broker)
	defer client.Close()
	topics(client)
	configs(client)
	positions(broker, client)
	cluster(client)
	Must(client.DeleteTopic(administered))
	Refused(client.DeleteTopic(administered), sarama.ErrUnknownTopicOrPartition)
}

func topics(client sarama.ClusterAdmin) {
	retention := "1234567"
	detail := sarama.TopicDetail{
		NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &retention},
	}
	Must(client.CreateTopic(administered, &detail, true))
	_, isThere := Of(client.ListTopics())[administered]
	Same(isThere, false, "whether a trial made a topic")
	Must(client.CreateTopic(administered, &detail, false))
	Same(*Of(client.ListTopics())[administered].ConfigEntries["retention.ms"], retention, "retention")
	Refused(client.CreateTopic(administered, &detail, false), sarama.ErrTopicAlreadyExists)
	Refused(client.CreateTopic("a/b", &detail, false), sarama.ErrInvalidTopic)
	many := sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 3}
	Refused(client.CreateTopic("many", &many, false), sarama.ErrInvalidReplicationFactor)
	Must(client.CreatePartitions(administered, 4, nil, false))
	Refused(client.CreatePartitions(administered, 3, nil, false), sarama.ErrInvalidPartitions)
	described := Of(client.DescribeTopics([]string{administered}))[0]
	Same(len(described.Partitions), 4, "partitions")
	Same(described.Partitions[0].Leader, int32(1), "leader")
}

func configs(client sarama.ClusterAdmin) {
	alter := func(operation sarama.IncrementalAlterConfigsOperation, name, value string) error {
		entries := map[string]sarama.IncrementalAlterConfigsEntry{name: {Operation: operation, Value: &value}}
		return client.IncrementalAlterConfig(sarama.TopicResource, administered, entries, false)
	}
	Must(alter(sarama.IncrementalAlterConfigsOperationAppend, "cleanup.policy", "compact"))
	Must(alter(sarama.IncrementalAlterConfigsOperationDelete, "retention.ms", ""))
	Refused(alter(sarama.IncrementalAlterConfigsOperationSet, "segment.bytes", "-1"), sarama.ErrInvalidConfig)
	values := map[string]string{}
	resource := sarama.ConfigResource{Type: sarama.TopicResource, Name: administered}
	for _, entry := range Of(client.DescribeConfig(resource)) {
		values[entry.Name] = entry.Value
	}
	Same(values["cleanup.policy"], "delete,compact", "policy")
	Same(values["retention.ms"], "604800000", "retention")
	// All settings at once: what is left out falls back to its default.
	policy := "delete"
	Must(client.AlterConfig(sarama.TopicResource, administered, map[string]*string{"cleanup.policy": &policy}, false))
}

func positions(broker string, client sarama.ClusterAdmin) {
	producer := Of(sarama.NewSyncProducer([]string{broker}, config()))
	defer producer.Close()
	for _, index := range []int64{0, 1, 2, 9, 3, 4} {
		at := time.UnixMilli(Time + index)
		message := &sarama.ProducerMessage{Topic: administered, Value: sarama.StringEncoder("v"), Timestamp: at}
		_, _, err := producer.SendMessage(message)
		Must(err)
	}
	offset := func(of int64) int64 {
		asked := map[string]map[int32]int64{administered: {0: of}}
		found := Of(client.ListOffsets(asked, nil))[administered][0]
		Same(found.Err, sarama.ErrNoError, "error")
		return found.Offset
	}
	Same(offset(sarama.OffsetOldest), int64(0), "oldest")
	Same(offset(sarama.OffsetNewest), int64(6), "newest")
	Same(offset(Time+2), int64(2), "offset of a time")
	Must(client.DeleteRecords(administered, map[int32]int64{0: 4}))
	Same(offset(sarama.OffsetOldest), int64(4), "oldest that is left")
	Same(len(Of(client.DescribeLogDirs([]int32{1}))[1]), 1, "directories")
}

func cluster(client sarama.ClusterAdmin) {
	brokers, controller, err := client.DescribeCluster()
	Must(err)
	Same(fmt.Sprint(len(brokers), controller), "1 1", "cluster")
	upsert := sarama.AlterUserScramCredentialsUpsert{
		Name: "sam", Mechanism: sarama.SCRAM_MECHANISM_SHA_512, Iterations: 4096, Salt: []byte("salt"), Password: []byte("secret"),
	}
	Of(client.UpsertUserScramCredentials([]sarama.AlterUserScramCredentialsUpsert{upsert}))
	users := Of(client.DescribeUserScramCredentials([]string{"sam"}))
	Same(users[0].CredentialInfos[0].Iterations, int32(4096), "iterations")
}
