mkdir "$SCRATCH/m" && cp examples/mnist/x.npy "$SCRATCH/secret.npy" && ln -s ../secret.npy "$SCRATCH/m/link.npy" &&
cat >"$SCRATCH/m/model.json" <<'JSON'
{"format": "qbound-network", "version": 1, "name": "m", "input": {"name": "x", "shape": [2], "lower": 0, "upper": 1}, "output": "y",
 "nodes": [{"name": "y", "op": "Gemm", "inputs": ["x"], "weight": "w"}], "tensors": {"w": {"npy": "link.npy"}}}
JSON
qbound "$SCRATCH/m/model.json" --bits 8
