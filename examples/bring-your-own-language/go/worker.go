// A worker without an SDK: it registers one task, shout, and runs it until it is told to end.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	wire "example.com/shout/gen/dispatcher"
	workflows "example.com/shout/gen/workflows"
)

const (
	workflow = "shout-go"
	action   = workflow + ":shout"
	slots    = 10
)

// Another attempt would not help.
var errBadInput = errors.New("text is missing")

// The task: an object in, an object out.
func shout(input map[string]any) (map[string]any, error) {
	text, ok := input["text"].(string)
	if !ok {
		return nil, errBadInput
	}
	return map[string]any{"text": strings.ToUpper(text)}, nil
}

type worker struct {
	engine  wire.DispatcherClient
	id      string
	calls   context.Context // carries the token
	running sync.WaitGroup
}

func main() {
	token := os.Getenv("HELVE_CLIENT_TOKEN")
	calls := metadata.AppendToOutgoingContext(context.Background(), "authorization", "bearer "+token)
	conn := dial(token)
	w := &worker{engine: wire.NewDispatcherClient(conn), calls: calls}
	must(w.register(workflows.NewAdminServiceClient(conn)))

	ends, stop := signal.NotifyContext(calls, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go w.beat()
	fmt.Println("ready")
	w.listen(ends)

	// Goodbye, so that nothing new comes; what runs is finished and reported.
	_, _ = w.engine.Unsubscribe(calls, &wire.WorkerUnsubscribeRequest{WorkerId: w.id})
	w.running.Wait()
}

// The address stands in the middle part of the token.
func dial(token string) *grpc.ClientConn {
	var claims struct {
		Address string `json:"grpc_broadcast_address"`
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		log.Fatal("HELVE_CLIENT_TOKEN holds no token")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(err)
	must(json.Unmarshal(body, &claims))
	secure := credentials.NewTLS(nil)
	if os.Getenv("HELVE_CLIENT_TLS_STRATEGY") == "none" {
		secure = insecure.NewCredentials()
	}
	conn, err := grpc.NewClient(claims.Address, grpc.WithTransportCredentials(secure))
	must(err)
	return conn
}

func (w *worker) register(admin workflows.AdminServiceClient) error {
	task := &workflows.CreateTaskOpts{ReadableId: "shout", Action: action, Timeout: "60s", Retries: 2}
	definition := &workflows.CreateWorkflowVersionRequest{Name: workflow, Tasks: []*workflows.CreateTaskOpts{task}}
	if _, err := admin.PutWorkflow(w.calls, definition); err != nil {
		return err
	}
	language, version, system := wire.SDKS_GO, runtime.Version(), runtime.GOOS
	request := &wire.WorkerRegisterRequest{
		WorkerName: workflow, Actions: []string{action}, SlotConfig: map[string]int32{"default": slots},
		RuntimeInfo: &wire.RuntimeInfo{Language: &language, LanguageVersion: &version, Os: &system},
	}
	if tag := os.Getenv("HELVE_COPY"); tag != "" { // by this a supervisor recognises us
		request.Labels = map[string]*wire.WorkerLabels{"helve-copy": {StrValue: &tag}}
	}
	reply, err := w.engine.Register(w.calls, request)
	w.id = reply.GetWorkerId()
	return err
}

// Until the process ends: a worker that finishes what it has lives.
func (w *worker) beat() {
	for range time.Tick(4 * time.Second) {
		if _, err := w.engine.Heartbeat(w.calls, &wire.HeartbeatRequest{WorkerId: w.id}); err != nil {
			log.Print("heartbeat: ", err)
		}
	}
}

// Takes actions until told to stop; comes back under the same id when the stream breaks.
func (w *worker) listen(ends context.Context) {
	for ends.Err() == nil {
		stream, err := w.engine.ListenV2(ends, &wire.WorkerListenRequest{WorkerId: w.id})
		for err == nil {
			var given *wire.AssignedAction
			if given, err = stream.Recv(); err == nil && given.ActionType == wire.ActionType_START_STEP_RUN {
				w.running.Go(func() { w.run(given) })
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func (w *worker) run(given *wire.AssignedAction) {
	w.report(given, wire.StepActionEventType_STEP_EVENT_TYPE_STARTED, "", false)
	var payload struct{ Input map[string]any }
	_ = json.Unmarshal([]byte(given.ActionPayload), &payload) // what cannot be read has no text
	result, err := shout(payload.Input)
	if err != nil {
		w.report(given, wire.StepActionEventType_STEP_EVENT_TYPE_FAILED, err.Error(), errors.Is(err, errBadInput))
		return
	}
	output, err := json.Marshal(result)
	must(err)
	w.report(given, wire.StepActionEventType_STEP_EVENT_TYPE_COMPLETED, string(output), false)
}

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

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
