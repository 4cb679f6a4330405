echo '{"layers": 1}' >"$SCRATCH/bad.json" && qbound convert "$SCRATCH/bad.json" -o "$SCRATCH/net.json"
code=$?; ls -A "$SCRATCH"; exit $code
