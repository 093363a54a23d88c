// Package claims has what the programs share: scenarios, claims, patience, and the records that go there and back.
package claims

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"
)

const patience = 30 * time.Second

// Run runs the scenario that the program's second argument names against the broker that the first names.
func Run(scenarios map[string]func(broker string)) {
	scenario, isThere := scenarios[os.Args[2]]
	if !isThere {
		panic("no scenario " + os.Args[2])
	}
	scenario(os.Args[1])
	fmt.Println("passed")
}

// Must panics if there is an error.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Of gives what a call resulted in, and panics if it failed.
func Of[T any](result T, err error) T {
	Must(err)
	return result
}

// Same panics with what is wrong unless both are equal.
func Same(actual, expected any, what string) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%s: %v instead of %v", what, actual, expected))
	}
}

// Refused panics unless a call failed for the given reason.
func Refused(actual, expected error) {
	if !errors.Is(actual, expected) {
		panic(fmt.Sprintf("refused with %v instead of %v", actual, expected))
	}
}

// Until waits until the claim holds.
func Until(claim string, holds func() bool) {
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			panic(fmt.Sprintf("%v passed, and not yet: %s", patience, claim))
		}
	}
}

// Codecs are the compressions that Kafka has.
var Codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// Count is how many records go there and back.
const Count = 300

// Time is when the first of them was made, in milliseconds; the others follow by one each.
const Time = int64(1_700_000_000_000)

// Header is one of a record; its value may be nil.
type Header struct {
	Key   string
	Value []byte
}

// Record gives the key, value and headers of a record by its index: some are nil, some empty.
func Record(index int) (key, value []byte, headers []Header) {
	if index%3 != 0 {
		key = fmt.Appendf(nil, "key %d", index)
	}
	if index%5 != 0 {
		value = fmt.Appendf(nil, "%s%d", strings.Repeat("größe ", index%20), index)
	}
	if index%2 == 0 {
		headers = []Header{{"trace", fmt.Appendf(nil, "t%d", index)}, {"trace", []byte{}}, {"null", nil}}
	}
	return
}

// Line tells a record in words, so that what is missing can be told from what is empty.
func Line(offset, timestamp int64, key, value []byte, headers []Header) string {
	line := fmt.Sprintf("%d %d %s %s", offset, timestamp, word(key), word(value))
	for _, header := range headers {
		line += " " + header.Key + "=" + word(header.Value)
	}
	return line
}

// Lines are those of all records.
func Lines() []string {
	lines := make([]string, Count)
	for index := range lines {
		key, value, headers := Record(index)
		lines[index] = Line(int64(index), Time+int64(index), key, value, headers)
	}
	return lines
}

func word(bytes []byte) string {
	if bytes == nil {
		return "(nil)"
	}
	return fmt.Sprintf("%q", bytes)
}

// Numbers counts from one number up to another, as text, in the order of text.
func Numbers(from, to int) []string {
	numbers := []string{}
	for number := from; number < to; number++ {
		numbers = append(numbers, fmt.Sprint(number))
	}
	sort.Strings(numbers)
	return numbers
}

// Sorted gives the texts of all lists in the order of text.
func Sorted(lists ...[]string) []string {
	all := []string{}
	for _, list := range lists {
		all = append(all, list...)
	}
	sort.Strings(all)
	return all
}

// Committed are the numbers of the transactions that were committed: of four tens every second, and all of the next twenty-one.
func Committed() []string {
	return Sorted(Numbers(0, 10), Numbers(20, 30), Numbers(40, 61))
}
