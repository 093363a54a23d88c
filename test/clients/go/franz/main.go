// Scenarios of franz-go. Arguments: the broker, and the scenario.
package main

import (
	"context"

	. "millrace/clients/claims"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var ctx = context.Background()

func main() {
	Run(map[string]func(string){
		"records":        records,
		"group-classic":  func(broker string) { groups(broker, "classic") },
		"group-consumer": func(broker string) { groups(broker, "consumer") },
		"transactions":   transactions,
		"admin":          admin,
	})
}

func client(broker string, options ...kgo.Opt) *kgo.Client {
	return Of(kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(broker)}, options...)...))
}

func adminOf(broker string) *kadm.Client {
	return kadm.NewClient(client(broker))
}

func createTopic(broker, topic string, partitions int32, configs map[string]*string) {
	admin := adminOf(broker)
	defer admin.Close()
	Of(admin.CreateTopic(ctx, partitions, 1, configs, topic))
}
