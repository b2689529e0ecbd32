# A thin face of tools/stack.py, which works without make too.
PYTHON ?= python3

demo test check bench format lock:
	@exec $(PYTHON) tools/stack.py $@ $(ARGS)

.PHONY: demo test check bench format lock
