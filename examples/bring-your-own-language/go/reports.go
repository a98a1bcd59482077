package main

import (
	"context"
	"log"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	wire "example.com/shout/gen/dispatcher"
)

// Repeated until the engine has it: a repeated report changes nothing.
func (w *worker) report(given *wire.AssignedAction, kind wire.StepActionEventType, text string, isFinal bool) {
	event := &wire.StepActionEvent{
		WorkerId: w.id, TaskId: given.TaskId, TaskRunExternalId: given.TaskRunExternalId, ActionId: given.ActionId,
		EventTimestamp: timestamppb.Now(), EventType: kind, EventPayload: text,
		RetryCount: &given.RetryCount, ShouldNotRetry: &isFinal,
	}
	for pause := 100 * time.Millisecond; pause < 20*time.Second; pause *= 2 {
		_, err := w.engine.SendStepActionEvent(w.calls, event)
		if code := status.Code(err); code == codes.OK {
			return
		} else if code == codes.InvalidArgument || code == codes.Unauthenticated {
			log.Print("report: ", err)
			return
		}
		time.Sleep(pause)
	}
}

// Whether to go on: false when told to stop.
func wait(ends context.Context, span time.Duration) bool {
	select {
	case <-ends.Done():
		return false
	case <-time.After(span):
		return true
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
