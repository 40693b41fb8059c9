# The calls of bench/calls.ts as Python's os and fcntl make them; prints nanoseconds per call as JSON.
import fcntl, json, os, sys, time

count = int(sys.argv[1])
reader, writer = os.pipe()
os.set_inheritable(writer, True)


def measure(body):
    start = time.perf_counter_ns()
    body()
    return (time.perf_counter_ns() - start) / count


def dup_close():
    for _ in range(count):
        os.close(os.dup(reader))


def getfl():
    for _ in range(count):
        fcntl.fcntl(reader, fcntl.F_GETFL)


def succeeding():
    for _ in range(count):
        fcntl.fcntl(writer, fcntl.F_GETFD)


def failing():
    for _ in range(count):
        try:
            os.dup(-1)
        except OSError:
            pass


print(json.dumps({
    "dup+close": measure(dup_close),
    "fcntl(F_GETFL)": measure(getfl),
    "failing": measure(failing),
    "succeeding": measure(succeeding),
}))
