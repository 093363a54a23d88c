package claims

import "sync"

// Partitions is how many partitions the topic of a group has.
const Partitions = 4

// Reading is what a member of a group holds, and what it has read and committed.
type Reading struct {
	mutex  sync.Mutex
	held   map[int32]bool
	values []string
}

// Hold notes that partitions came or went.
func (one *Reading) Hold(isHeld bool, numbers ...int32) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	if one.held == nil {
		one.held = map[int32]bool{}
	}
	for _, number := range numbers {
		if isHeld {
			one.held[number] = true
		} else {
			delete(one.held, number)
		}
	}
}

// Add keeps a value that was read and committed.
func (one *Reading) Add(value []byte) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	one.values = append(one.values, string(value))
}

// Holds tells how many partitions it has.
func (one *Reading) Holds() int {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return len(one.held)
}

// Values are those that it has read.
func (one *Reading) Values() []string {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return append([]string{}, one.values...)
}

// Member is a consumer of a group, which commits what it reads and then keeps it.
type Member interface {
	Holds() int
	Values() []string
	Leave()
}

// Group is what a client does in the story of a group.
type Group struct {
	Join func() Member
	// Write writes the numbers of a range, each to the partition that is its rest by Partitions.
	Write func(from, to int)
	// WhileTwo is called while two members are there.
	WhileTwo func()
}

// Tell has members come and go: each record is read once, and who resumes reads only what is new.
func (group Group) Tell() {
	one := group.Join()
	Until("one member has all partitions", func() bool { return one.Holds() == Partitions })
	group.Write(0, 100)
	Until("all is read", func() bool { return len(one.Values()) >= 100 })

	other := group.Join()
	Until("each has half", func() bool { return one.Holds() == 2 && other.Holds() == 2 })
	group.Write(100, 200)
	Until("all is read", func() bool { return len(one.Values())+len(other.Values()) >= 200 })
	Same(Sorted(one.Values(), other.Values()), Numbers(0, 200), "values")
	Same(len(other.Values()) > 0, true, "whether the second member reads")
	group.WhileTwo()

	other.Leave()
	Until("one has all again", func() bool { return one.Holds() == Partitions })
	group.Write(200, 300)
	Until("the rest is read", func() bool { return len(one.Values())+len(other.Values()) >= 300 })
	Same(Sorted(one.Values(), other.Values()), Numbers(0, 300), "values")
	one.Leave()

	again := group.Join()
	group.Write(300, 350)
	Until("the new records are read", func() bool { return len(again.Values()) >= 50 })
	Same(Sorted(again.Values()), Numbers(300, 350), "values read by one who resumes")
	again.Leave()
}
