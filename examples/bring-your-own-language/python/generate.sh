#!/bin/sh
# Makes the stubs in gen/ from the contract. PYTHON names the interpreter that has grpcio-tools.
set -e
cd "$(dirname "$0")"
proto=../../../packages/contracts/proto
out=${1:-gen}
mkdir -p "$out"
"${PYTHON:-python3}" -m grpc_tools.protoc -I "$proto" --python_out="$out" --grpc_python_out="$out" \
  hatchet/dispatcher.proto hatchet/v1/workflows.proto hatchet/v1/conditions.proto hatchet/v1/trigger.proto
