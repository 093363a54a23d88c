package millrace;

/** Runs one scenario of Kafka's Java clients. Arguments: the broker, and the scenario. Fails with a stack trace. */
public final class Scenarios {
    private Scenarios() {
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrapServers = arguments[0];
        switch (arguments[1]) {
            case "records" -> new Records(bootstrapServers).run();
            case "group-classic" -> new Groups(bootstrapServers, "classic").run();
            case "group-consumer" -> new Groups(bootstrapServers, "consumer").run();
            case "transactions" -> new Transactions(bootstrapServers).run();
            case "admin" -> new AdminCalls(bootstrapServers).run();
            default -> throw new IllegalArgumentException("no scenario " + arguments[1]);
        }
        System.out.println("passed");
    }

    /** Throws what is wrong unless both are equal. */
    static void same(Object actual, Object expected, String what) {
        if (!actual.equals(expected)) {
            throw new IllegalStateException(what + ": " + actual + " instead of " + expected);
        }
    }

    /** Waits until the claim holds. */
    static void until(String claim, Claim holds) throws Exception {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!holds.holds()) {
            if (System.nanoTime() > deadline) throw new IllegalStateException("30 s passed, and not yet: " + claim);
            Thread.sleep(20);
        }
    }

    /** Calls, and throws unless that fails for the given reason. */
    static void refused(Class<? extends Exception> reason, Call call) {
        Throwable thrown = null;
        try {
            call.call();
        } catch (Exception failure) {
            thrown = failure instanceof java.util.concurrent.ExecutionException ? failure.getCause() : failure;
        }
        if (!reason.isInstance(thrown)) {
            throw new IllegalStateException("expected " + reason.getSimpleName() + ", got " + thrown, thrown);
        }
    }

    /** Something that comes true. */
    interface Claim {
        boolean holds() throws Exception;
    }

    /** Something that is to fail. */
    interface Call {
        void call() throws Exception;
    }
}
