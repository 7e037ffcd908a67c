

def main():
    jobs = json.loads(sys.stdin.readline())
    # What user code writes to its standard output cannot mix with the answer.
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, too_long)
    outcomes = []
    for job in jobs:
        # Imported modules keep their state: such a job runs in one mode per process.
        modes = [job["mode"]] if "mode" in job else ["direct", "split"]
        outcome = {}
        for mode in modes:
            try:
                # Over and over, in case a program swallows everything.
                signal.setitimer(signal.ITIMER_REAL, job.get("seconds", 0), 0.2)
                outcome[mode] = run(copy.deepcopy(job), mode)
            except BaseException as error:
                signal.setitimer(signal.ITIMER_REAL, 0)
                outcome[mode] = {"failed": f"{type(error).__name__}: {error}"}
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        outcomes.append(outcome)
    with reply:
        reply.write(json.dumps(outcomes) + "\n")


main()
