// Scenarios of sarama. Arguments: the broker, and the scenario.
package main

import (
	"time"

	. "millrace/clients/claims"

	"github.com/IBM/sarama"
)

// The versions of requests follow from the version of Kafka that the program says it talks to.
var version = sarama.DefaultVersion

func main() {
	Run(map[string]func(string){
		"records":           records,
		"records-newest":    newest(records),
		"group":             func(broker string) { groups(broker, "eager", sarama.NewBalanceStrategyRange()) },
		"group-cooperative": newest(cooperative),
		"transactions":      transactions,
		"transactions-next": newest(transactions),
		"admin":             newest(admin),
	})
}

func newest(scenario func(string)) func(string) {
	return func(broker string) {
		version = sarama.MaxVersion
		scenario(broker)
	}
}

func cooperative(broker string) {
	groups(broker, "cooperative", sarama.NewBalanceStrategyCooperativeSticky())
}

func config() *sarama.Config {
	settings := sarama.NewConfig()
	settings.Version = version
	settings.Producer.Return.Successes = true
	settings.Producer.RequiredAcks = sarama.WaitForAll
	settings.Producer.Partitioner = sarama.NewManualPartitioner
	settings.Consumer.MaxWaitTime = 50 * time.Millisecond
	settings.Consumer.Offsets.Initial = sarama.OffsetOldest
	settings.Consumer.Offsets.AutoCommit.Enable = false
	return settings
}

func adminOf(broker string) sarama.ClusterAdmin {
	return Of(sarama.NewClusterAdmin([]string{broker}, config()))
}

func createTopic(broker, topic string, partitions int32, configs map[string]*string) {
	admin := adminOf(broker)
	defer admin.Close()
	detail := sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: configs}
	Must(admin.CreateTopic(topic, &detail, false))
}

// Names of topics tell the versions apart, which share a broker.
func named(name string) string {
	return name + "-" + version.String()
}
