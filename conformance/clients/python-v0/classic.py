"""The program with which users of the Python 0.x client begin: a workflow class, a worker, start."""

from hatchet_sdk import Context, Hatchet

hatchet = Hatchet()


@hatchet.workflow()
class ClassicWorkflow:
    @hatchet.step(timeout="10s")
    def step1(self, context: Context) -> dict:
        context.log("in step1")
        return {"step1": "one", "input": context.workflow_input()}

    @hatchet.step(parents=["step1"], retries=1)
    def step2(self, context: Context) -> dict:
        if context.retry_count() == 0:
            raise ValueError("once")
        return {"got": context.step_output("step1")["step1"]}

    @hatchet.step(parents=["step1", "step2"])
    def step3(self, context: Context) -> dict:
        return {"one": context.step_output("step1")["step1"], "two": context.step_output("step2")["got"]}


def main() -> None:
    workflow = ClassicWorkflow()
    worker = hatchet.worker("test-worker", max_runs=4)
    worker.register_workflow(workflow)
    worker.start()


if __name__ == "__main__":
    main()
