package main

import (
	"fmt"
	"time"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const administered = "administered"

// What franz-go's admin client asks of a broker, and the reasons for which it says no.
func admin(broker string) {
	client := adminOf(broker)
	defer client.Close()
	topics(client)
	configs(client)
	positions(broker, client)
	cluster(client)
	Of(client.DeleteTopic(ctx, administered))
	_, err := client.DeleteTopic(ctx, administered)
	Refused(err, kerr.UnknownTopicOrPartition)
}

func topics(client *kadm.Client) {
	retention := map[string]*string{"retention.ms": kadm.StringPtr("1234567")}
	Of(client.ValidateCreateTopics(ctx, 2, 1, retention, administered))
	Same(Of(client.ListTopics(ctx)).Has(administered), false, "whether a trial made a topic")
	made := Of(client.CreateTopic(ctx, 2, 1, retention, administered))
	Same(*made.Configs["retention.ms"].Value, "1234567", "setting in the answer")
	_, err := client.CreateTopic(ctx, 2, 1, nil, administered)
	Refused(err, kerr.TopicAlreadyExists)
	_, err = client.CreateTopic(ctx, 1, 1, nil, "a/b")
	Refused(err, kerr.InvalidTopicException)
	_, err = client.CreateTopic(ctx, 1, 3, nil, "many")
	Refused(err, kerr.InvalidReplicationFactor)
	Must(Of(client.UpdatePartitions(ctx, 4, administered)).Error())
	Refused(Of(client.UpdatePartitions(ctx, 3, administered)).Error(), kerr.InvalidPartitions)
	listed := Of(client.ListTopics(ctx, administered))[administered]
	Same(len(listed.Partitions), 4, "partitions")
	Same(listed.ID, made.ID, "id")
}

func configs(client *kadm.Client) {
	alter := func(operation kadm.IncrementalOp, name, value string) error {
		change := []kadm.AlterConfig{{Op: operation, Name: name, Value: &value}}
		return Of(client.AlterTopicConfigs(ctx, change, administered))[0].Err
	}
	Must(alter(kadm.AppendConfig, "cleanup.policy", "compact"))
	Must(alter(kadm.DeleteConfig, "retention.ms", ""))
	Refused(alter(kadm.SetConfig, "segment.bytes", "-1"), kerr.InvalidConfig)
	values := map[string]string{}
	described := Of(Of(client.DescribeTopicConfigs(ctx, administered)).On(administered, nil))
	for _, config := range described.Configs {
		values[config.Key] = config.MaybeValue()
	}
	Same(values["cleanup.policy"], "delete,compact", "policy")
	Same(values["retention.ms"], "604800000", "retention")
	Must(alter(kadm.SetConfig, "cleanup.policy", "delete"))
}

func positions(broker string, client *kadm.Client) {
	writer := producerTo(broker)
	defer writer.Close()
	for _, index := range []int64{0, 1, 2, 9, 3, 4} {
		record := &kgo.Record{Topic: administered, Value: []byte("v"), Timestamp: time.UnixMilli(Time + index)}
		Must(writer.ProduceSync(ctx, record).FirstErr())
	}
	at := func(offsets kadm.ListedOffsets, err error) int64 {
		Must(err)
		offset, _ := offsets.Lookup(administered, 0)
		Must(offset.Err)
		return offset.Offset
	}
	Same(at(client.ListStartOffsets(ctx, administered)), int64(0), "start")
	Same(at(client.ListEndOffsets(ctx, administered)), int64(6), "end")
	Same(at(client.ListMaxTimestampOffsets(ctx, administered)), int64(3), "offset of the youngest")
	Same(at(client.ListOffsetsAfterMilli(ctx, Time+2, administered)), int64(2), "offset of a time")
	var until kadm.Offsets
	until.Add(kadm.Offset{Topic: administered, Partition: 0, At: 4})
	deleted, _ := Of(client.DeleteRecords(ctx, until)).Lookup(administered, 0)
	Same(deleted.LowWatermark, int64(4), "low watermark")
	Same(at(client.ListStartOffsets(ctx, administered)), int64(4), "start")
	_, found := Of(client.DescribeAllLogDirs(ctx, nil))[1].LookupPartition(administered, 0)
	Same(found, true, "whether a log is there")
}

func producerTo(broker string) *kgo.Client {
	return client(broker, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func cluster(client *kadm.Client) {
	metadata := Of(client.BrokerMetadata(ctx))
	Same(fmt.Sprint(metadata.Controller, len(metadata.Brokers), len(metadata.Cluster)), "1 1 22", "cluster")
	upsert := kadm.UpsertSCRAM{User: "eve", Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "secret"}
	Must(Of(client.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{upsert})).Error())
	users := Of(client.DescribeUserSCRAMs(ctx, "eve"))
	Same(users["eve"].CredInfos[0].Iterations, int32(4096), "iterations")
	removal := kadm.DeleteSCRAM{User: "eve", Mechanism: kadm.ScramSha256}
	Must(Of(client.AlterUserSCRAMs(ctx, []kadm.DeleteSCRAM{removal}, nil)).Error())
}
