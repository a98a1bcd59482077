#!/bin/sh
# Makes the stubs in gen/ from the contract, with the plugins that go.mod names and the buf of this repository.
set -e
cd "$(dirname "$0")"
PATH="$PWD/../../../node_modules/.bin:$PATH"
proto=hatchet
buf generate ../../../packages/contracts/proto --template buf.gen.yaml \
  --path ../../../packages/contracts/proto/$proto/dispatcher.proto \
  --path ../../../packages/contracts/proto/$proto/v1/workflows.proto \
  --path ../../../packages/contracts/proto/$proto/v1/conditions.proto \
  --path ../../../packages/contracts/proto/$proto/v1/trigger.proto
