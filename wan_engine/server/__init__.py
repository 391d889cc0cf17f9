"""A resident server: one process for each GPU that keeps one engine's model warm.

It speaks the OpenAI-shaped video API, as SGLang Diffusion and vLLM-Omni do. Any engine can stand behind it; its client
is `wan_engine.video_api`, or whatever else speaks to those two. The way of an order through the modules:

    guard → bodies → orders → desk → jobs, and from there by the worker's queueing to the engine
"""
