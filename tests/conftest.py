"""Threads and patience, and the order in which files go to the processes that test them."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

# Set before numpy is imported: threads of small matrix products only wait for each other.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
# What a test finds must not have been made by another version of the code, nor stay behind.
os.environ["ASSB_FEM_CACHE"] = "off"

# Modules and tests are made by the thousand, and none of them is garbage.
gc.disable()

# On a busy machine any example may take long, and how long it takes is no statement of a test.
settings.register_profile("patient", deadline=None, derandomize=True)
settings.load_profile("patient")

LONGEST_FIRST = (
    "test_case_keys.py",
    "test_cli_wrong_input.py",
    "test_output_recorder.py",
    "test_events.py",
    "test_sweep_members.py",
    "test_structure.py",
    "test_plot_figures.py",
)
"""Files that take longest. A file goes to one process as a whole, and one of these at the end
would leave the other processes without work; all others are short."""


VARIANTS = """
    test_figures_are_legible_and_warn_of_nothing[wide|flat|elastic|isolated|discharge|deposit]
    test_flanks_are_left_behind
    test_current_goes_where_lithium_touches
    test_what_a_table_has_is_not_solved_again
    test_clusters_are_those_nearest_to_so_many[3]
    test_an_id_beyond_the_last_is_refused
    test_pressure_that_conducts_lets_less_current_through
    test_figures_in_time_are_legible[wide|plane]
    test_pyplot_and_the_backend_are_left_alone
    test_power_is_kept_at_every_step_and_in_the_ledger[charge-80.0-resolved|charge-80.0-averaged]
    test_power_is_kept_at_every_step_and_in_the_ledger[discharge--80.0-averaged]
    test_power_on_a_resistance[charge-900.0]
    test_a_power_that_no_current_gives_is_out_of_reach[True]
    test_a_line_is_followed_without_restarts[voltage-10 mV-Voltage / V]
    test_a_profile_may_end_before_its_file[until0-time|until2-stoichiometry]
    test_what_is_told_comes_true[1|3|5|9]
    test_hexagonal_array[0.1|0.7]
    test_square_array[0.1]
    test_reciprocity_of_random_discs
    test_array_of_cylinders_from_pixels
    test_array_of_finite_contrast_from_pixels
    test_bonded_and_sliding_lithium[stick-free-4.181-4.097|stick-held-4.392-4.299]
    test_bonded_and_sliding_lithium[slide-held-1.2398-0.6651]
    test_one_deposit[E 4.9 GPa|E 7.8 GPa]
    test_a_free_top_carries_no_load[elastic-slide|rigid-stick]
    test_disc_in_a_ring[(7800000000.0, 0.42)-slide|(7800000000.0, 0.42)-stick]
    test_disc_in_a_ring[(4900000000.0, 0.42)-slide|(4900000000.0, 0.36)-stick]
    test_disc_in_a_ring[(7800000000.0, 0.36)-slide]
    test_ring_that_yields_from_within[0.5-2000000000.0|0.2-0.0|0.05-2000000000.0]
    test_annulus_straight_edges_lose_two_orders
    test_excess_at_the_wall[slow lithium]
    test_order_in_time_with_variable_diffusivity[backward_euler-1]
    test_order_in_time[backward_euler-1-transfer|backward_euler-1-held]
    test_cells_of_images_have_stress_beside_voids[cathode-labels0-rigid|cathode-labels0-yielded|cathode-labels0-elastic]
    test_stripping_pulls_as_plating_pushes[rigid]
    test_eshelby_ellipse[5.0-1.0-inside2-1.08910945118-1.2-4]
    test_eshelby_ellipse[1.0-1.0-inside0-0.714285714286-0.5-5]
    test_voltage_at_constant_current[1e-13 m^2/s-constant-2e-07]
    test_current_under_a_hold[1e-13 m^2/s-constant]
    test_the_example_runs[False]
    test_pressure_helps_stripping
    test_stress_of_rigid_lithium_opposes_what_made_it[-100 A/m^2-tension of 2.]
    test_every_row_balances[slab, D(x)|discs|slab, averaged]
    test_blocks_say_what_they_are[slab|fixed]
    test_a_forgotten_trial_changes_nothing[slab]
    test_a_failed_step_changes_nothing[slab]
    test_any_field_can_be_drawn_in_its_unit[phi_s|current_density_x|current_density_y|displacement_x]
    test_any_field_can_be_drawn_in_its_unit[displacement_y|stress_xx|stress_zz|stress_xy|pressure]
    test_a_long_title_stays_below_the_colour_bar_of_a_flat_map[48.0|100.0|200.0]
    test_a_key_is_there_however_narrow_the_map[tiny]
    test_redrawn_figures_are_identical
    test_a_run_that_ends_at_rest_has_all_figures_and_warns_of_nothing
    test_figures_are_legible_and_warn_of_nothing[tiny]
    test_every_row_balances[slab]
    test_newton_step_against_differences[True-current]
    test_a_cell_returns_to_its_start
    test_middle_of_three_deposits
    test_a_random_cell_runs_or_says_why_not
    test_two_sided_terminals_in_a_box
    test_yielded_lithium_presses_only_where_it_grows
    test_letters_that_a_console_lacks_are_replaced
    test_percentiles_leave_out_discs_around_feet
    test_maps_have_units_and_equal_aspect[flat]
    test_maps_have_units_and_equal_aspect[elastic]
    test_maps_have_units_and_equal_aspect[wide]
    test_maps_have_units_and_equal_aspect[isolated]
    test_end_is_met[1 h-deed11-until11-current_density_A_m2-10.0-1e-08]
    test_end_is_met[None-deed10-until10-thickness_min_m--2e-07-1e-13]
    test_end_is_met[None-deed2-until2-Test Time / s-97.0-0.0]
    test_end_is_met[None-deed3-until3-capacity_Ah_m2-0.5-1e-09]
    test_end_is_met[None-deed7-until7-stoichiometry_mean-0.65-1e-07]
    test_end_is_met[None-deed9-until9-thickness_max_m-2e-07-1e-13]
    test_end_is_met[1 h-deed5-until5-capacity_Ah_m2--0.3-1e-09]
    test_end_is_met[None-deed6-until6-stoichiometry_mean-0.55-1e-07]
    test_end_is_met[None-deed5-until5-capacity_Ah_m2--0.3-1e-09]
    test_end_is_met[1 h-deed4-until4-capacity_Ah_m2-0.3-1e-09]
    test_end_is_met[None-deed8-until8-stoichiometry_mean-0.55-1e-07]
    test_end_is_met[None-deed11-until11-current_density_A_m2-10.0-1e-08]
    test_end_is_met[None-deed12-until12-current_density_A_m2--10.0-1e-08]
    test_end_is_met[None-deed4-until4-capacity_Ah_m2-0.3-1e-09]
    test_finite_contrast[10.0-0.5-2.4154673802]
    test_finite_contrast[0.1-0.3-0.6053136815910901]
    test_finite_contrast[10.0-0.3-1.6520360111]
    test_finite_contrast[0.1-0.1-0.8487366332336077]
    test_finite_contrast[10.0-0.1-1.1782217956]
    test_finite_contrast[2.0-0.1-1.0689657597]
    test_finite_contrast[10.0-0.7-4.0617073986]
    test_finite_contrast[0.1-0.7-0.24620188060436912]
    test_disc_in_a_ring[(7800000000.0, 0.36)-stick]
    test_disc_in_a_ring[(4900000000.0, 0.36)-slide]
    test_disc_in_a_ring[(4900000000.0, 0.42)-stick]
    test_copies_leave_no_crack[changes3]
    test_copies_leave_no_crack[changes2]
    test_pressure_is_that_of_the_mechanics[elastic-plane strain-stick-free]
    test_pressure_is_that_of_the_mechanics[elastic-plane strain-stick-held]
    test_pressure_is_that_of_the_mechanics[elastic-plane strain-slide-held]
    test_pressure_is_that_of_the_mechanics[elastic-plane strain-stick-plate]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-stick-free]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-stick-held]
    test_pressure_is_that_of_the_mechanics[rigid-plane strain-stick-free]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-slide-free]
    test_pressure_is_that_of_the_mechanics[elastic-plane strain-slide-plate]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-slide-held]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-slide-plate]
    test_pressure_is_that_of_the_mechanics[elastic-generalised plane strain-stick-plate]
    test_channels_are_what_a_fine_rim_sees[table]
    test_channels_are_what_a_fine_rim_sees[equal]
    test_channels_are_what_a_fine_rim_sees[log-normal]
    test_strip_constriction[1.0-1.0-0.9-1.0078850626805]
    test_strip_constriction[1.0-2.0-0.5-2.2206344900986]
    test_strip_constriction[1.0-3.0-0.25-3.6115033203575]
    test_conducting_and_insulating_discs[0.7]
    test_conducting_and_insulating_discs[0.4]
    test_conducting_and_insulating_discs[0.3]
    test_conducting_and_insulating_discs[0.2]
    test_conducting_and_insulating_discs[0.1]
    test_order_in_time[tr_bdf2-2-held]
    test_order_in_time[tr_bdf2-2-transfer]
    test_samples_are_meshed_conformingly[True-cathode-labels0]
    test_samples_are_meshed_conformingly[False-cathode-labels0]
    test_annulus[1.0-3.0-1.0-6.528502605273]
    test_annulus[1.0-3.0-1.5-8.41887877371]
    test_any_protocol_balances[7]
    test_any_protocol_balances[2]
    test_any_protocol_balances[24]
    test_any_protocol_balances[37]
    test_any_protocol_balances[28]
    test_any_protocol_balances[16]
    test_any_protocol_balances[26]
    test_every_row_balances[discs, D(x), i0(x)]
    test_every_row_balances[isolated lithium]
    test_a_cell_at_rest_comes_to_rest_and_stays[bed-57 d]
    test_a_cell_at_rest_comes_to_rest_and_stays[bed-30 d]
    test_a_cell_at_rest_comes_to_rest_and_stays[flat-30 d]
    test_a_hold_at_the_voltage_of_a_rested_cell[1e-06]
    test_a_hold_at_the_voltage_of_a_rested_cell[1e-09]
    test_a_hold_at_the_voltage_of_a_rested_cell[1e-12]
    test_a_plateau_with_noise_runs[flat]
    test_choices_work_together[packing,loop,ideal,none,averaged,lithium,yes,kept]
    test_choices_work_together[lattice,loop,ideal,none,fixed,both,no,kept]
    test_log_normal_by_area
    test_table_of_sizes_by_area
    test_three_quarters_can_be_reached[log-normal]
    test_fraction_is_exact_and_gaps_are_kept[1-log-normal]
    test_fraction_is_exact_and_gaps_are_kept[1-fine]
    test_fraction_is_exact_and_gaps_are_kept[1-coarse]
    test_lines_move_and_runs_are_taken_up[lithium in the image]
    test_a_run_taken_up_anywhere_ends_the_same[discs]
    test_figures_are_legible_and_warn_of_nothing[plane]
    test_many_steps
    test_a_foot_fills_and_the_protrusion_grows_beyond_its_fillet
    test_one_deposit[rigid held]
    test_more_surface_never_hurts
    test_steps_in_time_are_known_before_the_run_is
    test_a_dead_moment_keeps_lithium_and_charge[D(x)]
    test_work_balances_beside_pores[elastic]
    test_random_blocks
    test_surface_empties_and_fills[False-bed]
    test_half_elliptic_bump[1.0-2.0-2.0-1.2440710539815]
    test_a_free_top_carries_no_load[rigid-slide]
    test_fillets_leave_the_tip_alone
    test_arrays_are_enough[discs]
    test_tip_currents[100.0-1.123-1.079]
    test_it_is_a_step_of_a_run_with_fixed_particles[lithium]
    test_it_is_a_step_of_a_run_with_fixed_particles[particles]
    test_rigid_ellipse[slide-3.8231197]
    test_disc_with_interface_resistance[10.0-0.01-0.1801801801801802-0.8018018018018018]
    test_disc_with_interface_resistance[10.0-1.0-0.0952380952--0.0476190476]
    test_nafems_le1
    test_nonlinear_ring
    test_wider_gaps_are_meshed[tip-1.02e-09]
    test_random_networks_balance
    test_maps_have_units_and_equal_aspect[tiny]
    test_plot_draws_one_field_as_asked_for
    test_first_seconds_at_default_settings[disc-1e-14-10.0]
    test_a_run_that_stops_where_the_cell_can_do_no_more_is_finished
    test_no_current_crashes
    test_yielded_deposits_press_with_the_slot_pressure
    test_square_array[0.7]
    test_choices_work_together[packing,loop,resolved,none,resolved,off,no,moved]
    test_a_potential_that_rises_is_named_where_particles_leave_their_sites
    test_a_bed_of_particles_has_no_small_angles
    test_current_under_a_hold[1e-13*exp(3*(x - 0.6))-varying]
    test_every_row_balances[discs, averaged]
    test_bonded_and_sliding_lithium[slide-free-0.7181-0.4779]
    test_the_solution_is_that_of_a_mesh_made_at_once
    test_seed_makes_the_sample
    test_members_are_as_full_solves_find_them[electrons]
    test_excess_at_the_wall[fast lithium]
    test_choices_work_together[image,protocol,resolved,isolated,averaged,particles,yes,kept]
    test_enclosed_electrolyte_takes_no_part_until_it_is_opened_again
    test_fields_of_the_panel_are_raster_and_its_text_is_not
    test_hydrostatic_stress_is_that_inside_the_particles
    test_annulus[1.0-10.0-0.0-2.7287527077]
    test_hexagonal_array[0.5]
    test_resumed_it_leaves_the_same_files[7]
    test_resumed_it_leaves_the_same_files[1]
    test_choices_work_together[image with lithium,loop,ideal,none,resolved,both,yes,kept]
    test_choices_work_together[image with voids,loop,resolved,none,averaged,particles,no,kept]
    test_choices_work_together[image with lithium,protocol,ideal,none,averaged,particles,yes,kept]
    test_choices_work_together[image with voids,protocol,resolved,isolated,resolved,both,no,kept]
    test_choices_work_together[packing,snapshot,effective,isolated,fixed,both,no,kept]
    test_choices_work_together[packing,protocol,effective,isolated,resolved,none,yes,kept]
    test_choices_work_together[lattice,loop,ideal,none,resolved,none,yes,kept]
    test_choices_work_together[image,loop,effective,isolated,fixed,none,no,kept]
    test_choices_work_together[image with voids,loop,ideal,none,averaged,none,yes,kept]
    test_choices_work_together[packing,snapshot,resolved,isolated,fixed,particles,no,moved]
    test_choices_work_together[image,loop,effective,isolated,fixed,off,no,kept]
    test_choices_work_together[lattice,protocol,resolved,none,fixed,lithium,no,kept]
    test_thickness_in_closed_form_with_order_two[self-limiting|parabolic]
    test_pressure_drop_of_a_layered_cell[perfect|none]
    test_volume_and_ledgers_close_and_runs_are_taken_up[rigid-plastic-0.02]
    test_a_flat_foil_lifts_its_plate_and_stays_free_of_stress[viscoplastic]
    test_two_blocks_press_uniformly[0.3]
    test_wavy_surfaces[0.25|0.4]
    test_order_in_time_with_variable_diffusivity[tr_bdf2-2]
    test_order_in_time[backward_euler-1-flux]
    test_surface_transfer[5.0-1.98981471472-0.402602989838-0.744251574872]
    test_ring_that_yields_from_within[0.2-2000000000.0]
    test_a_cycle_in_a_yielding_ring[HM-held-Cohesive|HM-free-Cohesive]
    test_a_disc_under_a_plate[0.06-0.01]
    test_a_disc_that_only_shrinks[HM-True--0.0059|HM-False--0.0127|WM-False--0.0172]
    test_contact_is_lost_where_the_pressure_says[2000000.0|30000000.0]
    test_eshelby_ellipse[2.0-1.0-inside1-0.824786098842-1.0-5]
    test_misfit_disc[disc0-matrix0-inf-0.917431192661-1.19266055046--10.4587155963]
    test_misfit_disc[disc2-matrix2-2.0-1.83745583039-0.344522968198--2.10247349823]
    test_a_dead_moment_keeps_lithium_and_charge[resolved|averaged]
    test_pictures_of_faces_are_legible[contact_history|stack_history]
    test_disc_that_swells_in_a_ring[WM-False-63.9023-1.0|HM-False-81.68-1.232]
    test_work_is_found_again[False-bond2|True-bond1|True-bond0|False]
    test_every_block_survives_a_checkpoint_bit_by_bit[unlike discs|discs and an island]
    test_the_site_follows_the_threshold[20.0-0.0-0.002289843696706556|3.0-8.0-0.008]
    test_newman_and_tobias[1.0-1.3130352855-1e-08|3.0-0.334989941105-1e-06]
    test_ledgers_close_and_what_does_not_react_grows_no_layer[averaged]
    test_it_goes_with_what_else_a_cell_does[modes]
    test_rigid_ellipse[stick-4.9858384]
    test_disc_in_a_ring[None-slide]
    test_windows_differ_as_among_hard_discs[0.4-0.042-seeds0]
    test_three_quarters_can_be_reached[equal]
    test_a_jam_says_what_was_reached[changes1]
    test_channels_are_what_a_fine_rim_sees[fine]
    test_fraction_is_exact_and_gaps_are_kept[1-table]
    test_voltage_at_constant_current[1e-13*exp(3*(x - 0.6))-varying-1e-05]
    test_first_seconds_at_default_settings[slab-1e-16-1.0]
    test_profile_of_an_ohmic_interface_ignores_the_current[none]
    test_equal_particles_follow_the_closed_form[fast]
    test_all_digits_are_the_same_with_and_without[electrons]
    test_key_changes_with_all_but_what_may_vary[gradients|random packing]
    test_lines_run_along_the_current_between_active_particles_and_lithium[discharge]
    test_only_the_electrolyte_carries_potential_and_current[wide]
    test_colour_bars_end_where_half_a_percent_of_the_area_lies_beyond[isolated]
    test_peeled_beams[law0-4.0]
    test_rows_of_cracks[0.5-2.24439940936-0.882542400611]
    test_a_soft_column_snaps_and_says_so[60-law1-1.0-3.0]
    test_dugdale[0.3-1.12232623763-0.293872674001]
    test_one_answer_from_any_start[swelling2]
    test_impedance_is_what_a_small_sine_does_in_time[0.03]
    test_cylinder[10.0-0.4]
    test_clusters_are_those_nearest_to_so_many[1|2]
    test_runs_coarse[zhou2025_cell|zheng2023_flat]
    test_a_cycle_that_the_cell_cut_short_is_not_complete[stop]
    test_maps_have_units_and_equal_aspect[plane|discharge]
    test_the_panel_says_which_particles_do_not_react[deposit-said0]
    test_what_is_told_comes_true[2|0]
    test_a_run_taken_up_anywhere_ends_the_same[modes]
    test_both_agree_three_times_in_a_run[stress]
    test_doubled_points_move_apart_by_gap_and_slip[True]
    test_any_protocol_balances[0]
    test_stress_of_rigid_lithium_opposes_what_made_it[100 A/m^2-pressure of 2.]
    test_names_of_deposits_stand_above_both_curves[discharge]
    test_the_example_runs[True]
    test_stripping_pulls_as_plating_pushes[elastic]
    test_a_free_top_carries_no_load[elastic-stick]
    test_a_hold_at_the_voltage_of_a_rested_cell[0.0]
    test_an_end_that_is_already_reached[deed1-until1|deed2-until2|deed3-until3]
    test_lithium_is_used_up[None]
    test_maps_have_units_and_equal_aspect[charge only]
    test_no_path_gives_more_than_it_took[1-Cohesive0|1-Cohesive1|1-Cohesive2|2-Cohesive0]
    test_no_path_gives_more_than_it_took[2-Cohesive1|2-Cohesive2]
    test_copies_leave_no_crack[changes0]
    test_it_is_a_step_of_a_run_with_fixed_particles[both]
    test_compositions_against_a_dense_solve_about_a_charging_state[foil that fades]
    test_a_forgotten_trial_changes_nothing[discs]
    test_arrays_are_enough[modes]
    test_the_first_instant_is_the_snapshot[resolved-40.0|resolved--300.0]
    test_ring_at_a_given_current[0.0001-21.9691152787]
    test_any_protocol_balances[8]
    test_a_cell_at_rest_comes_to_rest_and_stays[flat-57 d]
    test_cylinders_that_nearly_touch[0.78]
    test_unknowns_are_known_before_the_mesh_is[zheng2023_flat]
    test_every_pattern_is_drawn_in_a_packing[{'kind': 'clustered', 'length': '1 m'}]
    test_every_pattern_is_drawn_in_a_packing[{'kind': 'clustered', 'length': '1 nm'}]
    test_zone_means_do_not_depend_on_the_mesh[2e-07]
    test_both_agree_three_times_in_a_run[wires|resolved]
    test_a_line_is_followed_without_restarts[current-0.2 mA/cm^2-current_density_A_m2]
    test_a_stopped_sweep_goes_on[]
    test_thickness_by_faraday[end0-64.6544102624]
    test_half_elliptic_bump[2.0-1.0-3.0-1.4494897427832]
    test_strip_constriction[1.0-1.0-0.1-2.1787445132796]
    test_a_full_disk_at_any_file_can_be_resumed[fem.output.history.os.fsync]
    test_a_full_disk_at_any_file_can_be_resumed[fem.output.vtk.write_fields]
    test_newton_step_against_differences[True-hold]
    test_a_voltage_is_met_while_contact_goes[4.0]
    test_averaged_is_the_slow_limit_of_resolved[flat_case-None]
    test_profile_of_an_ohmic_interface_ignores_the_current[ohmic]
    test_a_plateau_with_noise_runs[bed]
    test_a_jam_says_what_was_reached[changes0]
    test_channels_are_what_a_fine_rim_sees[coarse]
    test_lithium_is_used_up[0 um]
"""
"""Tests of which the default run keeps another variant, and a few long ones of small rooms: they
are slow ones. Names with parameters that share a name stand together."""


def _variants() -> set[str]:
    names = set()
    for line in filter(None, map(str.strip, VARIANTS.splitlines())):
        test, bracket, parameters = line.partition("[")
        for each in parameters.removesuffix("]").split("|"):
            names.add(f"{test}[{each}]" if bracket else test)
    return names


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    variants = _variants()
    for item in items:
        if item.name in variants:
            item.add_marker(pytest.mark.slow)
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_collection_finish() -> None:
    """What was collected stays until the end: the garbage collector need not look at it again."""
    gc.freeze()
    gc.enable()
